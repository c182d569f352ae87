# Onsale. `make run` sells the example arena; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# What a bare Debian 12 with Swift still needs.
PACKAGES := libsqlite3-dev zlib1g-dev libqrencode-dev libpq-dev libhiredis-dev librdkafka-dev libpango1.0-dev libcurl4-openssl-dev
# What the pages' tests need in addition.
WEB_PACKAGES := nodejs node-typescript chromium python3-venv fonts-nanum qrencode
PYTHON := .build/browser/bin/python
# What the telemetry tests need in addition.
TELEMETRY_PACKAGES := prometheus python3-venv
TELEMETRY := .build/telemetry/installed
# Marks that the reference implementation of Standard Webhooks is installed.
WEBHOOKS := .build/webhooks/installed
# Real servers that the Swift tests start.
SERVER_PACKAGES := fonts-nanum kcat libxml2-utils openssl poppler-utils postgresql python3-venv redis-server \
	redis-sentinel zbar-tools
# Marks that the mail server of the Swift tests is installed.
MAIL := .build/mail/installed
# What a cluster on one machine needs in addition.
CLUSTER_PACKAGES := curl nginx openssl postgresql python3 redis-server
# What the figures of the services need in addition.
FIGURES_PACKAGES := python3 wrk
# Marks that the browser's driver is installed.
BROWSER := .build/browser/installed
# Tests that only compute; those that wait for servers and clocks would starve beside them.
PURE := ^(OnsaleSaleTests|OnsaleWaitingRoomTests|OnsaleOwnershipTests|SimulationTests)[.]
# Tests with servers of their own, which would starve beside others.
SERVED := ^(OnsalePostgresTests|OnsaleRedisTests|OnsaleClusterTests|OnsaleMigrationsTests|OnsaleWebhooksTests|OnsaleEligibilityTests)[.]
# What follows a sale, with servers too, which wait more than they work.
SERVICES := ^(OnsaleTablesTests|OnsaleKafkaTests|OnsaleRelayTests|OnsaleSignInTests|OnsaleDocumentsTests|OnsaleMailTests|OnsaleSettlementTests|OnsaleAccountsTests)[.]
# What computes for most of its time, beside which the tests of whole programs would starve.
ROOMS := ^(OnsaleEngineTests|OnsaleHTTPTests|OnsaleHistoryTests|OnsaleMonitoringTests|OnsaleTelemetryTests|OnsaleStreamsTests)[.]
RELEASE := .build/release/onsale
DEBUG := .build/debug/onsale
FANS ?= $(if $(LINE),50000,20000)
RUSH_SECONDS ?= 60
PREFIX ?= /usr/local
ROUNDS ?= 200
NODES ?= 3
# Each target that takes seeds has a number of its own unless one is given.
CHOSEN_SEEDS := $(SEEDS)
SEEDS ?= 200
SEED ?= 1
NAME ?= $(shell date +%F)-script
FUZZ_SECONDS ?= 600
MINUTES ?= 60

# A suite that hangs ends, and says in which test and where.
LIMITED := timeout --foreground --signal=ABRT 1500

.PHONY: help setup build run rush install test test-swift test-provider test-web test-browser test-fans test-staff test-telemetry test-cluster test-edge test-nodes cluster simulate plants chaos observe crash-test fuzz journal provider-test bench services-figures services-crash screenshots web-figures door-figures format lint clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make run         build a release and sell the example arena at http://127.0.0.1:8080
run: build
	$(RELEASE) serve --demo

## make rush        send a crowd to the running server (FANS=20000 RUSH_SECONDS=60 URL=http://127.0.0.1:8080); LINE=1: through a waiting room
rush: build
	$(RELEASE) rush $(if $(URL),--url $(URL) )$(if $(LINE),--line )--fans $(FANS) --seconds $(RUSH_SECONDS)

## make test        build for debugging, check the format, run every test, including the pages in a browser
test: test-swift test-web $(TELEMETRY) $(BROWSER)
	@# nginx's limits are counted while requests are under way, so it is alone. The others mostly wait.
	@$(MAKE) --no-print-directory test-edge
	@$(MAKE) --no-print-directory --output-sync=target --jobs=4 test-fans test-staff test-nodes test-provider test-telemetry

test-swift: setup lint $(MAIL) $(WEBHOOKS)
	swift build --build-tests
	swift test --skip-build --filter '$(PURE)'
	@scripts/install-packages $(SERVER_PACKAGES)
	ONSALE_STANDARD_WEBHOOKS="$$PWD/.build/webhooks/bin/python" \
		swift test --skip-build --no-parallel --filter '$(SERVED)'
	swift test --skip-build --filter '$(SERVICES)'
	swift test --skip-build --filter '$(ROOMS)'
	ONSALE_BINARY="$$PWD/$(DEBUG)" swift test --skip-build --skip '$(PURE)' --skip '$(SERVED)' --skip '$(SERVICES)' \
		--skip '$(ROOMS)'

# Needs only Debian's own Python.
test-provider: setup
	@scripts/install-packages python3
	swift build --product onsale
	cd Tests/Provider && ONSALE_BINARY="$(CURDIR)/$(DEBUG)" $(LIMITED) /usr/bin/python3 -X faulthandler -m unittest test_protocol test_provider

# Real Prometheus, promtool, and an independent reader of OTLP.
test-telemetry: setup $(TELEMETRY)
	swift build --product onsale
	cd Tests/Telemetry && ONSALE_BINARY="$(CURDIR)/$(DEBUG)" $(LIMITED) "$(CURDIR)/.build/telemetry/bin/python" -X faulthandler -m unittest

# Real PostgreSQL, Redis and nginx; a Kafka that librdkafka plays.
test-cluster: test-edge test-nodes

test-edge test-nodes: setup
	@scripts/install-packages $(CLUSTER_PACKAGES)
	swift build --product onsale
	swift build --product MockBroker
	cd Tests/Cluster && ONSALE_BINARY="$(CURDIR)/$(DEBUG)" ONSALE_MOCK_BROKER="$(CURDIR)/.build/debug/MockBroker" \
		$(LIMITED) /usr/bin/python3 -X faulthandler -m unittest $($@-modules)

test-edge-modules := test_nginx test_edge
test-nodes-modules := $(patsubst Tests/Cluster/%.py,%,$(filter-out $(test-edge-modules:%=Tests/Cluster/%.py),\
	$(wildcard Tests/Cluster/test_*.py)))

test-web:
	@scripts/install-packages $(WEB_PACKAGES)
	cd web && tsc -p tsconfig.json && node --test client/test/*.test.js pages/test/*.test.js

test-browser: test-fans test-staff

# In two parts, since a browser waits more than it works.
test-fans test-staff: setup $(BROWSER)
	swift build --product onsale
	cd web/browser && ONSALE_BINARY="$(CURDIR)/$(DEBUG)" $(LIMITED) "$(CURDIR)/$(PYTHON)" -X faulthandler \
		-m unittest $($@-modules)

test-fans-modules := test_fan test_shop test_tickets test_mailed_code
test-staff-modules := $(filter-out $(test-fans-modules),$(patsubst web/browser/%.py,%,$(wildcard web/browser/test_*.py)))

## make cluster     PostgreSQL, Redis, a mock Kafka, nginx, three nodes and the services, until Ctrl-C (NODES=3)
cluster: build
	@scripts/install-packages $(CLUSTER_PACKAGES)
	swift build -c release --product MockBroker
	ONSALE_BINARY="$(CURDIR)/$(RELEASE)" scripts/cluster --nodes $(NODES)

## make simulate    nodes that share a journal, in simulated time, with everything going wrong that may (SEEDS=100000)
simulate: SEEDS := $(or $(CHOSEN_SEEDS),100000)
simulate: setup
	ONSALE_SIMULATION=1 swift build -c release --product simulate --scratch-path .build-simulate -Xswiftc -enable-testing
	scripts/simulate --seeds $(SEEDS) .build-simulate/release/simulate

## make plants      plant bugs, one at a time, that the simulation must catch (SEEDS=4000)
plants: SEEDS := $(or $(CHOSEN_SEEDS),4000)
plants: setup
	scripts/plant --check
	scripts/plant --seeds $(SEEDS)

## make chaos       do to a cluster what may happen to it while a rush buys (ROUNDS=100 SEED=1: so many, shuffled)
chaos: build
	@scripts/install-packages $(CLUSTER_PACKAGES)
	ONSALE_BINARY="$(CURDIR)/$(RELEASE)" ROUNDS="$(if $(filter command line environment,$(origin ROUNDS)),$(ROUNDS))" \
		SEED="$(SEED)" scripts/chaos

## make observe     watch a rehearsal with a real Prometheus: its address, and the first panels' values
observe: build
	@scripts/install-packages prometheus
	ONSALE_BINARY="$(CURDIR)/$(RELEASE)" scripts/observe

## make screenshots capture every page in both languages, into .build/screenshots
screenshots: build $(BROWSER)
	cd web/browser && ONSALE_BINARY="$(CURDIR)/$(RELEASE)" "$(CURDIR)/$(PYTHON)" screenshots.py "$(CURDIR)/.build/screenshots"

## make web-figures measure what the pages cost in a browser
web-figures: build $(BROWSER)
	cd web/browser && ONSALE_BINARY="$(CURDIR)/$(RELEASE)" "$(CURDIR)/$(PYTHON)" figures.py

## make door-figures  measure the door's reading of codes: photos read, time, size
door-figures:
	@scripts/install-packages $(WEB_PACKAGES)
	node web/pages/test/qr-figures.js

## make crash-test  kill -9 a server under load, again and again (ROUNDS=200)
crash-test: build
	swift build --build-tests
	ONSALE_BINARY="$$PWD/$(RELEASE)" ONSALE_CRASH_ROUNDS=$(ROUNDS) swift test --skip-build --filter CrashTests

## make fuzz        send mutated bytes into every parser (FUZZ_SECONDS=600)
fuzz: setup
	swift build --build-tests
	ONSALE_FUZZ_SECONDS=$(FUZZ_SECONDS) swift test --skip-build --filter FuzzTests

## make journal     keep a journal written by this version, for later ones to open (NAME=2026-11-24-script)
journal: setup
	swift build --build-tests
	ONSALE_KEEP_JOURNAL="$(CURDIR)/Tests/OnsaleEngineTests/Journals/$(NAME)" swift test --skip-build --filter UpgradeTests.keep

## make provider-test  sell through a payment provider that misbehaves by a seed, with kills of the server (SEEDS=200)
provider-test: build
	cd Tests/Provider && ONSALE_PROVIDER_SEEDS=$(SEEDS) ONSALE_BINARY="$(CURDIR)/$(RELEASE)" \
		/usr/bin/python3 -m unittest test_provider

## make install     install the program and its pages under PREFIX (/usr/local)
install: build
	install -d "$(PREFIX)/lib/onsale" "$(PREFIX)/bin"
	install $(RELEASE) "$(PREFIX)/lib/onsale/onsale"
	cp -R .build/release/onsale_*.resources "$(PREFIX)/lib/onsale/"
	ln -sf ../lib/onsale/onsale "$(PREFIX)/bin/onsale"

## make bench       measure everything that docs/BENCHMARKS.md reports
bench: build
	cd Benchmarks && swift build -c release
	Benchmarks/run

## make services-figures  measure what follows a sale, with its roles on (Benchmarks/services; MINUTES=60 without a broker)
services-figures: build
	@scripts/install-packages $(FIGURES_PACKAGES)
	swift build --product MockBroker
	ONSALE_BINARY="$(CURDIR)/$(RELEASE)" Benchmarks/services/run --minutes $(MINUTES)

## make services-crash    kill -9 of any role at any moment, by a seed (ROUNDS=200 SEED=1)
services-crash: build
	@scripts/install-packages python3
	ONSALE_BINARY="$(CURDIR)/$(RELEASE)" Benchmarks/services/crash --rounds $(ROUNDS) --seed $(SEED)

## make format      format the source as CI expects it
format:
	swift format format --in-place --parallel --recursive Sources Tests db Benchmarks/Sources Package.swift Benchmarks/Package.swift

lint:
	scripts/plant --check
	swift format lint --strict --parallel --recursive Sources Tests db Benchmarks/Sources Package.swift Benchmarks/Package.swift

build: setup
	swift build -c release --product onsale

setup:
	@command -v swift >/dev/null || { echo "Swift 6.1 or later is needed: https://www.swift.org/install"; exit 1; }
	@scripts/install-packages $(PACKAGES)

$(BROWSER): web/browser/requirements.txt
	@scripts/install-packages $(WEB_PACKAGES)
	@# Debian's own Python, which has what the package above brings.
	/usr/bin/python3 -m venv --clear .build/browser
	.build/browser/bin/pip install --quiet --disable-pip-version-check -r web/browser/requirements.txt
	@touch $(BROWSER)

$(TELEMETRY): Tests/Telemetry/requirements.txt
	@scripts/install-packages $(TELEMETRY_PACKAGES)
	/usr/bin/python3 -m venv --clear .build/telemetry
	.build/telemetry/bin/pip install --quiet --disable-pip-version-check -r Tests/Telemetry/requirements.txt
	@touch $(TELEMETRY)

$(MAIL): Tests/Mail/requirements.txt
	@scripts/install-packages $(SERVER_PACKAGES)
	/usr/bin/python3 -m venv --clear .build/mail
	.build/mail/bin/pip install --quiet --disable-pip-version-check -r Tests/Mail/requirements.txt
	@touch $(MAIL)

$(WEBHOOKS): Tests/OnsaleWebhooksTests/Reference/requirements.txt
	@scripts/install-packages python3-venv
	/usr/bin/python3 -m venv --clear .build/webhooks
	.build/webhooks/bin/pip install --quiet --disable-pip-version-check \
		-r Tests/OnsaleWebhooksTests/Reference/requirements.txt
	@touch $(WEBHOOKS)

clean:
	swift package clean
