"""Settings of the model registry: one file, driven by the environment (and .env, where it is there)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from registry_project.environment import BASE_DIR, env, kept_secret, registry_home

REGISTRY_HOME: Path = registry_home()

# --- Who may reach us -------------------------------------------------------------------------------------
DEBUG: bool = env.bool("DEBUG", default=False)
SECRET_KEY: str = env.str("SECRET_KEY", default="") or kept_secret(REGISTRY_HOME, "secret_key")
SITE_HOST: str = env.str("SITE_HOST", default="127.0.0.1")
SITE_PORT: int = env.int("SITE_PORT", default=8000)
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
# Loopback always: health checks and the workers of this machine call the site by it.
ALLOWED_HOSTS: list[str] = [*env.list("ALLOWED_HOSTS", default=[]), *LOOPBACK]
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_READ: bool = env.bool("PUBLIC_READ", default=False)
ADMIN_USERNAME: str = env.str("ADMIN_USERNAME", default="admin")

# --- Sources ----------------------------------------------------------------------------------------------
# The one place where the core learns which sources exist. The order decides which source wins a shared name.
MODEL_SOURCES: dict[str, str] = {
    "ollama": "ollama_app.source.OllamaSource",
    "external": "github_models_app.endpoints.source.EndpointSource",
    "github": "github_models_app.source.GitHubSource",
    "mlflow": "experiments_app.source.ExperimentSource",
}
# What `source=` may name beside the sources themselves -> the sources that it means.
MODEL_SOURCE_GROUPS: dict[str, list[str]] = {
    "external": ["external", "github"],
}
# Kinds of job and the function that does each: `function(handle) -> result`.
JOB_KINDS: dict[str, str] = {
    "sync": "unified_app.syncing.run_sync_job",
    "ollama_details": "ollama_app.details.run_details_job",
    "github_provider": "github_models_app.sync_requests.run_provider_job",
    "serve": "unified_app.serving.requests.run_serve_job",
    "mlflow": "experiments_app.tracking.run_mlflow_job",
    "realise": "experiments_app.realising.run_realise_job",
    "evaluation": "experiments_app.evaluation.runner.job.run_evaluation_job",
    "evaluation_end": "experiments_app.evaluation.results.concluding.run_end_job",
    "evaluation_gates": "experiments_app.evaluation.gates.digest_changes.run_gates_job",
}
# Of kinds that work on rows of their own, which end with the job, whoever ends it: `function(job)`.
JOB_ENDINGS: dict[str, str] = {"evaluation": "experiments_app.evaluation.runs.end_with_job"}
# Of kinds that are not like the rest: how many may run at once, how often they are tried, and the seconds before
# attempt 2, 3, ... (the last one repeats). MLflow may be away for a day, and then takes no more than two threads.
# An evaluation goes on where a killed worker left it, and waits for a site that is away.
JOB_LIMITS: dict[str, int] = {"mlflow": 2, "realise": 2, "evaluation": 2}
JOB_ATTEMPTS: dict[str, int] = {"mlflow": 400, "evaluation": 60}
JOB_BACKOFF: dict[str, tuple[int, ...]] = {"mlflow": (5, *[10] * 60, 300), "evaluation": (2, 5, 10, 30, 60)}
# Empty: an SQLite store in REGISTRY_HOME.
MLFLOW_TRACKING_URI: str = env.str("MLFLOW_TRACKING_URI", default="")
# Where people open MLflow's pages; empty: nothing links there.
MLFLOW_UI_URL: str = env.str("MLFLOW_UI_URL", default="").rstrip("/")
MLFLOW_UI_PORT: int = env.int("MLFLOW_UI_PORT", default=5000)
OPENAI_ENDPOINTS: list[str] = env.list("OPENAI_ENDPOINTS", default=[])
# OPENAI_ENDPOINT_<NAME>_KEY -> the key.
OPENAI_ENDPOINT_KEYS: dict[str, str] = {
    name: key for name, key in env.ENVIRON.items() if name.startswith("OPENAI_ENDPOINT_") and name.endswith("_KEY")
}
GITHUB_TOKEN: str = env.str("GITHUB_TOKEN", default="")
GITHUB_MODELS_URL: str = env.str("GITHUB_MODELS_URL", default="https://models.github.ai")
GITHUB_MODELS_PLAN: str = env.str("GITHUB_MODELS_PLAN", default="free")
OLLAMA_HOSTS: list[str] = env.list("OLLAMA_HOSTS", default=[])
DEFAULT_OLLAMA_HOST = "http://localhost:11434"
DEMO: str = env.str("DEMO", default="auto")
DEMO_PORT: int = env.int("DEMO_PORT", default=11535)
UPSTREAM_TIMEOUT: float = env.float("UPSTREAM_TIMEOUT", default=10.0)
UPSTREAM_MAX_MB: int = env.int("UPSTREAM_MAX_MB", default=32)
# 0: no page runs beside this site, so there is none to link to. `manage.py run` has one, and tells the site.
GRADIO_PORT: int = env.int("GRADIO_PORT", default=0)
PAGE_URL: str = env.str("PAGE_URL", default="")
# How many web processes this set-up starts; more than one is refused without PostgreSQL and Redis.
WEB_PROCESSES: int = env.int("WEB_PROCESSES", default=1)
RETENTION_DAYS: int = env.int("RETENTION_DAYS", default=90)
# What other applications delete after that: a name, and `function(before) -> queryset`.
RETENTION: dict[str, str] = {
    "cached_replies": "experiments_app.evaluation.runner.cache.replies_before",
    "kept_comparisons": "experiments_app.evaluation.results.comparisons.comparisons_before",
}
# How many models that take memory of our own hosts are evaluated at once: more would push each other out of it.
EVALUATION_MODELS_AT_ONCE: int = env.int("EVALUATION_MODELS_AT_ONCE", default=3)

# --- Serving ----------------------------------------------------------------------------------------------
# What clients are told to call, and what the page and the workers call.
REGISTRY_API_URL: str = env.str("REGISTRY_API_URL", default="").rstrip("/") or f"http://{SITE_HOST}:{SITE_PORT}"
MAX_SERVING_MODELS: int = env.int("MAX_SERVING_MODELS", default=10)
AUTOSTART: bool = env.bool("AUTOSTART", default=True)
AUTO_EVICT: bool = env.bool("AUTO_EVICT", default=True)
RATE_LIMIT_PER_MINUTE: int = env.int("RATE_LIMIT_PER_MINUTE", default=600)
BODY_TIMEOUT: float = env.float("BODY_TIMEOUT", default=30.0)

# --- Applications -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "registry_project.apps.RegistryProjectConfig",
    "ollama_app.apps.OllamaAppConfig",
    "github_models_app.apps.GitHubModelsAppConfig",
    "experiments_app.apps.ExperimentsAppConfig",
    "unified_app.apps.UnifiedAppConfig",
    "registry_project.admin_site.RegistryAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "registry_project.middleware.OptionalApiSlash",
    "registry_project.pages.policy.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "registry_project.urls"
ASGI_APPLICATION = "registry_project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "registry_project.pages.context.site",
            ],
        },
    },
]
AUTH_USER_MODEL = "unified_app.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = REGISTRY_HOME / "static"
# Served from the packages themselves: `make run` needs no collectstatic step.
WHITENOISE_USE_FINDERS = True

# --- Database ---------------------------------------------------------------------------------------------
SQLITE_OPTIONS: dict[str, Any] = {
    # A transaction that reads and then writes cannot upgrade its lock under WAL; taking the write lock at
    # BEGIN turns "database is locked" into a wait.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


def database() -> dict[str, Any]:
    """Return Django's database entry for DATABASE_URL, or SQLite in REGISTRY_HOME."""
    url = env.str("DATABASE_URL", default="")
    config: dict[str, Any] = env.db_url_config(url or f"sqlite:///{REGISTRY_HOME / 'registry.sqlite3'}")
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = SQLITE_OPTIONS
        # A file, not memory: tests with threads and live servers share it like the product does.
        config["TEST"] = {"NAME": str(REGISTRY_HOME / "test.sqlite3")}
    return config


DATABASES = {"default": database()}

# --- Celery, cache ----------------------------------------------------------------------------------------
REDIS_URL: str = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"visibility_timeout": 3600, "socket_connect_timeout": 3, "socket_keepalive": True}
    if REDIS_URL
    else {
        "data_folder_in": str(REGISTRY_HOME / "broker"),
        "data_folder_out": str(REGISTRY_HOME / "broker"),
        "control_folder": str(REGISTRY_HOME / "broker" / "control"),
        "polling_interval": 0.2,
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A message only wakes a job whose row is the truth: a lost one costs the reconciler's period, so neither
# results nor publish retries are worth waiting for.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 8
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"
# No results are kept, so beat needs no schedule of its own to expire them.
CELERY_RESULT_EXPIRES = None

CACHES: dict[str, Any] = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

MAX_BODY_MB: int = env.int("MAX_BODY_MB", default=32)
ADAPTER_MAX_MB: int = env.int("ADAPTER_MAX_MB", default=2048)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_MB * 2**20

# --- API --------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    # The key first: with the session first, a bad key would answer 403 without WWW-Authenticate.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "unified_app.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["unified_app.authentication.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["unified_app.parsers.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "unified_app.api_errors.handle",
    "DEFAULT_THROTTLE_RATES": {"token": "30/min", "work": f"{RATE_LIMIT_PER_MINUTE}/min"},
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Model registry",
    "VERSION": "1",
    "DESCRIPTION": "Every language model a team can call: what there is, where it runs, how to call it.",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "unified_app.schema.document_errors",
    ],
    "ENUM_NAME_OVERRIDES": {
        "GitHubState": "github_models_app.serializers.STATES",
        "EvaluationState": "experiments_app.models.EvaluationRun.State",
        "JobState": "unified_app.models.Job.State",
        "ResultState": "experiments_app.models.CaseResult.State",
        "ServerState": "unified_app.models.servers.Server.State",
        "SyncRunState": "unified_app.models.SyncRun.State",
    },
}

# --- HTTPS: one switch ------------------------------------------------------------------------------------
if HTTPS := env.bool("HTTPS", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS

# --- Logs -------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "registry_project.log_lines.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            "datefmt": "%H:%M:%S",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # One line per wake-up hint would drown the rest.
        "celery.app.trace": {"level": "WARNING"},
        # It warns of every 4xx; what the caller did wrong stands in the answer.
        "django.request": {"level": "ERROR"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
        "urllib3.connectionpool": {"level": "ERROR"},
    },
}
