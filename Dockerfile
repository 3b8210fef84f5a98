# The product in one image: the command says which part of it runs. See docker-compose.yml.
FROM python:3.13-slim-trixie AS packages
COPY requirements.lock /tmp/
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.lock

FROM python:3.13-slim-trixie
# Telemetry of libraries is off; what they want to write goes where this user may write.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=registry_project.settings \
    REGISTRY_HOME=/data \
    SITE_HOST=0.0.0.0 \
    SITE_PORT=8000 \
    DEMO=off \
    MLFLOW_DISABLE_TELEMETRY=true \
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
    GRADIO_ANALYTICS_ENABLED=False \
    GRADIO_TEMP_DIR=/tmp/gradio \
    HF_HUB_DISABLE_TELEMETRY=1 \
    HF_HUB_OFFLINE=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    GIT_PYTHON_REFRESH=quiet
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin registry \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
USER 10001
VOLUME /data
# The site, and the page for evaluators.
EXPOSE 8000 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["uvicorn", "registry_project.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--loop", "uvloop", "--no-access-log", "--timeout-graceful-shutdown", "20", "--lifespan", "on"]
