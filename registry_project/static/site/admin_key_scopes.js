// Greys out the scopes that a key of the chosen user cannot have; the server checks them again.
(() => {
  const limit = async (id) => {
    const boxes = document.querySelectorAll("#id_scopes input");
    if (!id) return;
    const reply = await fetch(`../scopes/${encodeURIComponent(id)}/`, { credentials: "same-origin" });
    if (!reply.ok) return;
    const { scopes } = await reply.json();
    for (const box of boxes) {
      box.disabled = !scopes.includes(box.value);
      if (box.disabled) box.checked = false;
    }
  };
  window.addEventListener("load", () => {
    const user = document.getElementById("id_user");
    if (!user) return;
    django.jQuery(user).on("change", () => limit(user.value));
    limit(user.value);
  });
})();
