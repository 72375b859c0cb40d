# One image for the API and the worker: `docker run … api`, `docker run … worker`.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# /opt/hatch builds the wheel and stays in this stage; /opt/framequeue is what the final stage copies, without pip
RUN python -m venv --without-pip /opt/hatch && python -m venv --without-pip /opt/framequeue
COPY requirements.lock requirements-build.lock ./
RUN pip --python /opt/hatch/bin/python install --quiet --require-hashes -r requirements-build.lock \
    && pip --python /opt/framequeue/bin/python install --quiet --no-compile --require-hashes -r requirements.lock

# What no process here ever loads: test suites, headers and Cython sources, pyarrow's Flight (its own RPC server) and S3
# clients, the second and third copy of each of pyarrow's libraries. Nothing else of pyarrow links against them.
RUN find /opt/framequeue -depth \( -type d \( -name tests -o -path '*/pyarrow/include' -o -path '*/pyarrow/src' \) \
        -o -path '*/pyarrow/*flight*' -o -path '*/pyarrow/libarrow_s3.*' -o -path '*/pyarrow/_s3fs.*' \
        -o -path '*/pyarrow/libarrow*.so' -o -path '*/pyarrow/libarrow*.so.*.*' \
        -o -name '*.py[xi]' -o -name '*.px[di]' -o -name '*.[ach]' \) -exec rm -rf {} +

COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY jobs jobs
COPY service service
# byte code that is checked against nothing: the layers may change a file's time, and nobody edits a source in here
RUN /opt/hatch/bin/python -m hatchling build --target wheel --directory /src/dist \
    && pip --python /opt/framequeue/bin/python install --quiet --no-compile --no-deps --no-index dist/*.whl \
    && /opt/framequeue/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/framequeue/lib

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/framequeue /opt/framequeue
ENV PATH=/opt/framequeue/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ARROW_DEFAULT_MEMORY_POOL=system \
    FRAMEQUEUE_API__HOST=0.0.0.0
# a folder that is there and empty: the root file system may be read-only, and no .env is picked up by chance
WORKDIR /srv
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD ["python", "-m", "service.health_probe"]
ENTRYPOINT ["framequeue"]
CMD ["api"]
