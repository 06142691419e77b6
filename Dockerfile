# An image that stands where `image: redis` stood: same port, same volume, same ways to pass flags
# and configuration files (scripts/docker-entrypoint.sh tells them).
#
#   docker build -t synap .
#   docker run -p 127.0.0.1:6379:6379 -v synap-data:/data synap --maxmemory 100mb

# Node 24 is the release that most run, with long-term support until April 2028; the tests run on it.
FROM node:24-bookworm-slim AS build
WORKDIR /synap
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
RUN npm run build \
 && npm prune --omit=dev --no-audit --no-fund \
 && chmod +x dist/check.js

FROM node:24-bookworm-slim
# redis-cli and its like, which the health checks of compose files and scripts inside a container call.
RUN apt-get update \
 && apt-get install -y --no-install-recommends redis-tools \
 && rm -rf /var/lib/apt/lists/*
# The ids are those of the image `redis`, so that a volume can be taken over from it.
RUN groupadd --system --gid 999 synap \
 && useradd --system --uid 999 --gid synap --no-create-home --shell /usr/sbin/nologin synap \
 && mkdir /data \
 && chown synap:synap /data
WORKDIR /opt/synap
COPY --from=build /synap/node_modules node_modules
COPY --from=build /synap/dist dist
COPY bin bin
COPY package.json synap.conf LICENSE ./
COPY scripts/docker-entrypoint.sh scripts/healthcheck.mjs scripts/
# By the names of Redis and Valkey too. (redis-sentinel says that there is no such mode.)
RUN for name in synap-server redis-server valkey-server redis-sentinel; do \
      ln -s /opt/synap/bin/synap-server "/usr/local/bin/$name"; \
    done \
 && for tool in cli benchmark check-aof check-rdb; do \
      ln -s "/usr/bin/redis-$tool" "/usr/local/bin/valkey-$tool"; \
    done \
 && ln -s /opt/synap/dist/check.js /usr/local/bin/synap-check \
 && ln -s /opt/synap/scripts/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh

ENV NODE_ENV=production
VOLUME /data
WORKDIR /data
EXPOSE 6379
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "/opt/synap/scripts/healthcheck.mjs"]
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["synap-server"]
