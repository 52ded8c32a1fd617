# One image for every service of the platform: what follows `docker run` names the entry point.
FROM node:20.19.5-bookworm-slim
WORKDIR /oort
ENV APOLLO_TELEMETRY_DISABLED=1
COPY . .
RUN npm ci --no-audit --no-fund
RUN node --require tsx/cjs cli/main.ts --help
RUN mkdir -p /keys /data && chown node:node /keys /data
USER node
ENTRYPOINT ["node", "--require", "tsx/cjs"]
CMD ["cli/main.ts", "--help"]
