# Executable World Models. `make` prints the targets; every target does its own set-up.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup build lint api-docs test mcp-inspector simulate test-browser test-infra screenshots demo-local-loop replay-tape replay-executions verify-demo bench clean \
	serve smoke-local smoke-agentcore-base smoke-agentcore-tools smoke-agentcore-memory smoke-agentcore-sessions smoke-agentcore-mcp \
	stop resume stop-status demo-agentcore-base demo-agentcore-tools demo-agentcore-memory demo-agentcore-sessions \
	plan deploy-agentcore-base deploy-agentcore-tools deploy-agentcore-memory deploy-agentcore-sessions deploy-agentcore-mcp outputs destroy
SHELL := /bin/sh

# The project brings its own Node (npm package `node`): what runs here is what runs on Lambda.
BIN := $(CURDIR)/node_modules/.bin
export PATH := $(BIN):$(PATH)

DEMO := tmp/demo_local_loop
DEMO_MARKET := examples/markets/stocks-2000-2010.csv
DEMO_STRATEGY := examples/strategies/sma_crossover.json
EWM := node dist/ewm.cjs
INSTALLED := node_modules/.installed
SOURCES := $(shell find src test/bench .config -name '*.ts' -o -name '*.mjs' -o -name '*.css')
SOURCES += $(wildcard examples/fixtures/*.json examples/strategies/*.json terraform/prices.json)

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-24s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) dist/ewm.cjs ## install the packages and build the CLI

$(INSTALLED): package.json package-lock.json .npmrc
	npm ci --no-fund --no-audit --loglevel=error
	@touch $@

dist/ewm.cjs: $(INSTALLED) $(SOURCES) package.json
	@npm run --silent build

build: dist/ewm.cjs ## build what runs outside the tests, into dist/

lint: $(INSTALLED) dist/ewm.cjs ## type check and lint, warnings included, and the package as it is published
	npm run --silent lint
	npm run --silent lint:package

api-docs: dist/ewm.cjs ## the documentation of the library, from its docstrings, into tmp/api-docs
	npm run --silent api-docs

test: $(INSTALLED) dist/ewm.cjs ## all tests
	npm run --silent test

simulate: $(INSTALLED) dist/ewm.cjs ## sessions under losses, crashes and clocks that jump, and bugs planted in them (SEEDS=10000)
	@EWM_SIMULATIONS=$(or $(SEEDS),10000) npm run --silent test:simulation

test-browser: $(INSTALLED) dist/ewm.cjs ## the pages in a real Chromium (CHROMIUM=path)
	npm run --silent test:browser

screenshots: $(DEMO)/run.json ## take the pictures of the README again (CHROMIUM=path)
	@esbuild test/browser/screenshots.ts --bundle --platform=node --format=cjs --packages=external --log-level=warning --outfile=tmp/browser/screenshots.cjs
	@mkdir -p docs/images
	@node tmp/browser/screenshots.cjs $(DEMO) docs/images

test-infra: $(INSTALLED) dist/ewm.cjs ## tests of the deployment; says what it skips and why
	@node test/infra/runtime-client-install.mjs
	npm run --silent test:infra

mcp-inspector: dist/ewm.cjs ## list and call every MCP tool with the Inspector's command line (fetches it: 140 MB)
	node .config/mcp-inspector.mjs

demo-local-loop: dist/ewm.cjs ## run a strategy over real prices and prove the run
	$(EWM) run --market $(DEMO_MARKET) --strategy $(DEMO_STRATEGY) --out $(DEMO) --force
	$(EWM) verify $(DEMO)
	@$(EWM) report $(DEMO) --out $(DEMO).html --force > /dev/null
	@echo 'report: $(DEMO).html (open it in a browser, or: npx ewm report $(DEMO) --force --open)'

$(DEMO)/run.json:
	@$(MAKE) --no-print-directory demo-local-loop

replay-tape: $(DEMO)/run.json ## show the demo's tape
	$(EWM) replay tape --tape $(DEMO)/tape.jsonl

replay-executions: $(DEMO)/run.json ## show the demo's fills
	$(EWM) replay executions --executions $(DEMO)/executions.jsonl

verify-demo: $(DEMO)/run.json ## re-execute the demo and compare every byte
	$(EWM) verify $(DEMO)

# The API: on this machine, or wherever EWM_API_URL or the outputs of Terraform say that it is.
PORT ?= 3000
DATA ?= tmp/serve

serve: dist/ewm.cjs ## the API on this machine (PORT=3000, DATA=tmp/serve, ENABLE_AGENTCORE_MEMORY=1)
	$(EWM) serve --port $(PORT) --data $(DATA)

smoke-local: dist/ewm.cjs ## start a server on a free port, run all smoke tests against it, stop it
	$(EWM) smoke local

smoke-agentcore-base: dist/ewm.cjs ## check /agentcore/base and prove what it wrote
	$(EWM) smoke base

smoke-agentcore-tools: dist/ewm.cjs ## check /agentcore/tools and prove what it wrote
	$(EWM) smoke tools

smoke-agentcore-memory: dist/ewm.cjs ## check /agentcore/memory and prove what it wrote
	$(EWM) smoke memory

smoke-agentcore-sessions: dist/ewm.cjs ## check /sessions, and prove a session that it made
	$(EWM) smoke sessions

smoke-agentcore-mcp: dist/ewm.cjs ## check /mcp: a session made, played by its agent to its budget, and proven
	$(EWM) smoke mcp

# Both take what is local (DATA) and, where Terraform is set up here, what is deployed.
STOPPABLE := --data $(DATA) --deployed

stop: dist/ewm.cjs ## stop everything, here and on AWS: no act leaves the process any more (REASON="why")
	@test -n "$$REASON" || { echo 'why? make stop REASON="the bill runs away"' >&2; exit 2; }
	@$(EWM) stop --reason "$$REASON" $(STOPPABLE)

resume: dist/ewm.cjs ## let go on what make stop stopped
	@$(EWM) resume $(STOPPABLE)

stop-status: dist/ewm.cjs ## whether anything is stopped: by whom, why and since when
	@$(EWM) status $(STOPPABLE)

demo-agentcore-base: dist/ewm.cjs ## a budget of steps that is too small, then enough
	$(EWM) demo base

demo-agentcore-tools: dist/ewm.cjs ## a budget of tool calls that is too small, then enough
	$(EWM) demo tools

demo-agentcore-memory: dist/ewm.cjs ## a budget of memory bytes that is too small, then enough
	$(EWM) demo memory

demo-agentcore-sessions: dist/ewm.cjs ## a session: two steps, a fork that may spend a part, a budget that trips
	$(EWM) demo sessions

# On AWS. All take AWS_PROFILE and AWS_REGION; what is applied is shown and asked for first, unless AUTO_APPROVE=1.
DEPLOY := node .config/deploy.mjs

plan: dist/ewm.cjs ## show what a deployment would change
	@$(DEPLOY) plan

deploy-agentcore-base: dist/ewm.cjs ## deploy /agentcore/base; keeps the modes that are deployed
	@$(DEPLOY) deploy base

deploy-agentcore-tools: dist/ewm.cjs ## deploy /agentcore/tools; keeps the modes that are deployed
	@$(DEPLOY) deploy tools

deploy-agentcore-memory: dist/ewm.cjs ## deploy /agentcore/memory (ENABLE_AGENTCORE_MEMORY=1 MEMORY_MAX_OPS= MEMORY_MAX_BYTES=)
	@$(DEPLOY) deploy memory

deploy-agentcore-sessions: dist/ewm.cjs ## deploy /sessions; keeps the modes that are deployed
	@$(DEPLOY) deploy sessions

deploy-agentcore-mcp: dist/ewm.cjs ## deploy /mcp; keeps the modes that are deployed
	@$(DEPLOY) deploy mcp

outputs: $(INSTALLED) ## what is deployed: URL, curl, bucket, functions, worst-case bill
	@$(DEPLOY) outputs

destroy: $(INSTALLED) ## take the deployment down; keeps artifacts (FORCE_DESTROY=1: those, too)
	@$(DEPLOY) destroy

bench: dist/ewm.cjs ## measure speed, memory and cold starts; prints them and writes tmp/bench.json
	@node test/infra/runtime-client-install.mjs
	npm run --silent bench

clean: ## remove everything that was made, packages included
	rm -rf dist tmp coverage node_modules terraform/.terraform
