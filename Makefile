# Executable World Models. `make` prints the targets; every target does its own set-up.
.DEFAULT_GOAL := help
.PHONY: help setup build lint test demo-local-loop replay-tape replay-executions verify-demo bench clean
SHELL := /bin/sh

# The project brings its own Node (npm package `node`): what runs here is what runs on Lambda.
BIN := $(CURDIR)/node_modules/.bin
export PATH := $(BIN):$(PATH)

DEMO := tmp/demo_local_loop
DEMO_MARKET := examples/markets/stocks-2000-2010.csv
DEMO_STRATEGY := examples/strategies/sma_crossover.json
EWM := node dist/ewm.cjs
INSTALLED := node_modules/.installed
SOURCES := $(shell find src test/bench .config -name '*.ts' -o -name '*.mjs')

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) dist/ewm.cjs ## install the packages and build the CLI

$(INSTALLED): package.json package-lock.json .npmrc
	npm ci --no-fund --no-audit
	@touch $@

dist/ewm.cjs: $(INSTALLED) $(SOURCES) package.json
	@npm run --silent build

build: dist/ewm.cjs ## build what runs outside the tests, into dist/

lint: $(INSTALLED) ## type check and lint, warnings included
	npm run --silent lint

test: $(INSTALLED) dist/ewm.cjs ## all tests
	npm run --silent test

demo-local-loop: dist/ewm.cjs ## run a strategy over real prices and prove the run
	$(EWM) run --market $(DEMO_MARKET) --strategy $(DEMO_STRATEGY) --out $(DEMO) --force
	$(EWM) verify $(DEMO)

$(DEMO)/run.json:
	@$(MAKE) --no-print-directory demo-local-loop

replay-tape: $(DEMO)/run.json ## show the demo's tape
	$(EWM) replay tape --tape $(DEMO)/tape.jsonl

replay-executions: $(DEMO)/run.json ## show the demo's fills
	$(EWM) replay executions --executions $(DEMO)/executions.jsonl

verify-demo: $(DEMO)/run.json ## re-execute the demo and compare every byte
	$(EWM) verify $(DEMO)

bench: dist/ewm.cjs ## measure speed and memory; prints them and writes tmp/bench.json
	npm run --silent bench

clean: ## remove everything that was made, packages included
	rm -rf dist tmp coverage node_modules
