// Copy buttons, and buttons that cannot be pressed twice by accident. Everything works without this file.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent).then(() => {
    button.textContent = "Copied";
  });
});
document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll(".page-buttons button")) button.disabled = true;
  const parent = event.target.parentElement;
  if (parent && parent.classList.contains("page-buttons")) {
    for (const button of parent.querySelectorAll("button")) button.disabled = true;
  }
});
