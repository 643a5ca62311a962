# Each target calls the real tool. JDK 25, Maven and Go are found or asked for by with-tools.
# Modules are built and tested beside each other: their tests wait more than they compute.
WITH := devcluster/bin/with-tools
MVN := $(WITH) mvn --threads=3
JAVA := $(WITH) java -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED
DEVCLUSTER := $(JAVA) -cp 'devcluster/target/devcluster.jar:devcluster/target/lib/*' io.vdi.operator.devcluster.Main
DEMO := $(JAVA) -cp 'e2e/target/e2e.jar:e2e/target/lib/*' io.vdi.operator.e2e.demo.Main
IMAGES := $(JAVA) --sun-misc-unsafe-memory-access=allow -cp 'images/target/images.jar:images/target/lib/*' io.vdi.operator.images.Main
SERVICE ?= controller
NODE_IMAGES := controller admission-webhook reaper desktop pause traefik

.PHONY: help build services programs node images docker-build cli up down demo deploy test bench manifests run format clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

build: ## Compile and package, without tests
	@$(WITH) echo "building; the first time Maven fetches its libraries"
	@$(MVN) -q package -DskipTests

# What runs, and no more: the tests and checks of the code are make test's.
services:
	@$(WITH) echo "building; the first time Maven fetches its libraries"
	@$(MVN) -q package $(SBOM) -Dmaven.test.skip=true -Dspotless.check.skip

programs: build
	@if $(DEVCLUSTER) node; then $(IMAGES) $(NODE_IMAGES) kubectl-vdi; fi
	@$(DEVCLUSTER) build

# What a node that runs containers needs, where there can be one.
node: services
	@if $(DEVCLUSTER) node; then $(IMAGES) $(NODE_IMAGES); fi

images cli: SBOM := org.cyclonedx:cyclonedx-maven-plugin:makeBom

images: services ## Make the container images and their SBOMs in images/target; BASE_IMAGE=... builds on it
	@$(IMAGES) --sbom

docker-build: images

cli: services ## Make the kubectl plugin: images/target/kubectl-vdi.tar
	@$(IMAGES) --sbom kubectl-vdi

up: node ## Start a cluster with the operator in the background
	@$(DEVCLUSTER) up

down: ## Stop what `make up` started
	@$(DEVCLUSTER) down

demo: node ## Run the main job: cluster, operator, a session; DEMO_ONCE=1 checks and ends
	@$(DEMO)

# CRDs that were applied by hand before become the chart's.
deploy: services ## Install or upgrade with Helm in the cluster of KUBECONFIG; HELM_FLAGS='--values=...'
	@$(DEVCLUSTER) helm upgrade --install vdi-operator charts/vdi-operator --namespace=vdi-system \
	  --create-namespace --take-ownership --wait --timeout=3m $(HELM_FLAGS)

test: programs ## Run every test, on a real Kubernetes
	@$(MVN) verify

bench: programs ## Measure speed and memory; BENCH=burst etc. runs a part
	@$(JAVA) -cp 'bench/target/bench.jar:bench/target/lib/*' io.vdi.operator.bench.Main $(BENCH)

manifests: ## Check that the CRDs and the records agree
	@$(MVN) test -q -pl common -Dtest=CrdAgreementTest

run: services ## Run one service from source against the cluster of KUBECONFIG
	@$(JAVA) -cp '$(SERVICE)/target/$(SERVICE).jar:$(SERVICE)/target/lib/*' io.vdi.operator.$(lastword $(subst -, ,$(SERVICE))).Main

format: ## Format the sources
	@$(MVN) -q spotless:apply

clean: ## Remove what was built here; the cache of programs stays
	@$(MVN) -q clean
