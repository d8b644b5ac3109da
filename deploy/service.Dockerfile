# One image a service:
#   docker build -f deploy/service.Dockerfile --build-arg SERVICE=intake --build-arg HTTP_PORT=8081 -t caseway-intake .
# SERVICE is the folder below services/, HTTP_PORT the service's own port (deploy/compose.yaml has all five).

FROM python:3.11.14-slim-bookworm AS build
ARG SERVICE
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build

# What changes least comes first, so that a change of our code fetches nothing anew.
COPY requirements/build.txt requirements/${SERVICE}.txt requirements/
RUN pip install --require-hashes --only-binary :all: -r requirements/build.txt \
 && python -m venv /opt/caseway \
 && /opt/caseway/bin/pip install --require-hashes --only-binary :all: -r "requirements/${SERVICE}.txt"

COPY shared shared
COPY services/${SERVICE} services/${SERVICE}
RUN pip wheel --no-deps --no-index --no-build-isolation --wheel-dir wheels ./shared "./services/${SERVICE}" \
 && /opt/caseway/bin/pip install --no-deps --no-index wheels/*.whl \
 && /opt/caseway/bin/python -c "import caseway_${SERVICE}.app"


FROM python:3.11.14-slim-bookworm
ARG SERVICE
ARG HTTP_PORT
ENV SERVICE=${SERVICE} \
    PATH=/opt/caseway/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CASEWAY_CONFIG=/etc/caseway \
    CASEWAY_HTTP_PORT=${HTTP_PORT}
COPY --from=build /opt/caseway /opt/caseway

# A number, so that an orchestrator can see that it is not root; nothing of the image is writable by it.
USER 10001:10001
WORKDIR /opt/caseway
EXPOSE ${HTTP_PORT}
# Intake's SMTP door; in the other images nothing listens there.
EXPOSE 8025

# /livez answers 503 only when nothing but a restart helps; /readyz says whether work is done, and must not restart it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['CASEWAY_HTTP_PORT'] + '/livez', timeout=4)"]
# The running batch is finished and published: grant it 30 s.
STOPSIGNAL SIGTERM
CMD ["sh", "-c", "exec python -m caseway_${SERVICE}"]
