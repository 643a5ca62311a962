# Each target calls the real tool. JDK 25, Maven and Go are found or asked for by with-tools.
WITH := devcluster/bin/with-tools
MVN := $(WITH) mvn
JAVA := $(WITH) java -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED
DEVCLUSTER := $(JAVA) -cp 'devcluster/target/devcluster.jar:devcluster/target/lib/*' io.vdi.operator.devcluster.Main
SERVICE ?= controller

.PHONY: help build services programs up down demo test bench manifests run format clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

build: ## Compile and package, without tests
	@$(WITH) echo "building; the first time Maven fetches its libraries"
	@$(MVN) -q package -DskipTests

# What runs, and no more: the tests and checks of the code are make test's.
services:
	@$(WITH) echo "building; the first time Maven fetches its libraries"
	@$(MVN) -q package -pl '!e2e' -Dmaven.test.skip=true -Dspotless.check.skip

programs: build
	@$(DEVCLUSTER) build

up: services ## Start a cluster with the operator in the background
	@$(DEVCLUSTER) up

down: ## Stop what `make up` started
	@$(DEVCLUSTER) down

demo: services ## Run the main job: cluster, operator, a session; DEMO_ONCE=1 checks and ends
	@$(DEVCLUSTER) demo

test: programs ## Run every test, on a real Kubernetes
	@$(MVN) verify

bench: programs ## Measure speed and memory; BENCH=burst etc. runs a part
	@$(JAVA) -cp 'e2e/target/e2e.jar:e2e/target/lib/*' io.vdi.operator.e2e.bench.Main $(BENCH)

manifests: ## Check that the CRDs and the records agree
	@$(MVN) test -q -pl common -Dtest=CrdAgreementTest

run: services ## Run one service from source against the cluster of KUBECONFIG
	@$(JAVA) -cp '$(SERVICE)/target/$(SERVICE).jar:$(SERVICE)/target/lib/*' io.vdi.operator.$(lastword $(subst -, ,$(SERVICE))).Main

format: ## Format the sources
	@$(MVN) -q spotless:apply

clean: ## Remove what was built here; the cache of programs stays
	@$(MVN) -q clean
