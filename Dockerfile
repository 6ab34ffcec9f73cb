# One image for every command of the program; docker-compose.yml says which runs where.
# What was tested is what runs: Python 3.11 and the versions of the lock, with their hashes.
FROM python:3.11.13-slim-bookworm AS program

# As `make compiled` does it: the program with its core in C. The compiler reads the types of what
# the core imports, so the packages of the program are beside it here.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
COPY requirements-run.lock requirements-compiler.lock /tmp/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    -r /tmp/requirements-run.lock -r /tmp/requirements-compiler.lock
COPY alerts /source/alerts
COPY config /source/config
COPY models /source/models
COPY streams /source/streams
RUN cd /source && python -m streams.compiling /program


FROM python:3.11.13-slim-bookworm AS build

RUN python -m venv /opt/escrow
COPY requirements-run.lock /tmp/
RUN /opt/escrow/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    -r /tmp/requirements-run.lock

# As `make setup` does it: the program stays in its folder, one path entry leads to it.
COPY --from=program /program /opt/escrow/program
RUN echo /opt/escrow/program > "$(echo /opt/escrow/lib/python3.*/site-packages)/escrow.pth" \
    && printf '#!/opt/escrow/bin/python\nfrom streams.cli import app\n\napp()\n' > /opt/escrow/bin/escrow \
    && chmod 755 /opt/escrow/bin/escrow \
    && /opt/escrow/bin/python -m compileall -q /opt/escrow/program


FROM python:3.11.13-slim-bookworm

# socat is the door in front of the inbox, which listens on loopback alone (docs/decisions.md).
RUN apt-get update \
    && apt-get install --yes --no-install-recommends socat \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner 10001 --group 10001 /srv/archive
COPY --from=build /opt/escrow /opt/escrow

ENV PATH=/opt/escrow/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
ENTRYPOINT ["escrow"]
