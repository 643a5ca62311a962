# Each target calls the tool that does the work. with-tools finds JDK 25, Maven and Go, or reports what is missing.
# Maven builds and tests five modules in parallel, because their tests mostly wait. With four, e2e, which takes the
# longest, sometimes has to wait until another module ends.
# Maven options are in .mvn. jansi.noreset stops Maven from printing escape codes at exit, which --batch-mode does not.
WITH := devcluster/bin/with-tools
MVN := $(WITH) mvn --threads=5
JAVA := $(WITH) java -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED
DEVCLUSTER := $(JAVA) -cp 'devcluster/target/devcluster.jar:devcluster/target/lib/*' io.vdi.operator.devcluster.Main
DEMO := $(JAVA) -cp 'e2e/target/e2e.jar:e2e/target/lib/*' io.vdi.operator.e2e.demo.Main
IMAGES := $(JAVA) --sun-misc-unsafe-memory-access=allow -cp 'images/target/images.jar:images/target/lib/*' io.vdi.operator.images.Main
SERVICE ?= controller
# Names of the services' images: REGISTRY/<service>:TAG. IMG, as kubebuilder projects have it, sets both.
IMG ?=
REGISTRY ?= $(filter-out .,$(patsubst %/,%,$(dir $(IMG))))
TAG ?= $(if $(findstring :,$(notdir $(IMG))),$(lastword $(subst :, ,$(notdir $(IMG)))))
MAIN_controller := io.vdi.operator.controller.Main
MAIN_admission-webhook := io.vdi.operator.admission.Main
MAIN_reaper := io.vdi.operator.reaper.Main
MAIN_gate := io.vdi.operator.gate.Main
# Images, CLI and bundle are built for PLATFORM, such as linux/arm64; those for another machine are in images/target/<arch>.
PLATFORM ?=
HOST := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,amd64)
ARCH := $(patsubst linux/%,%,$(or $(PLATFORM),$(HOST)))
FOREIGN := $(filter-out $(HOST),$(ARCH))
TARGET := images/target$(addprefix /,$(FOREIGN))
BUNDLE = vdi-operator-$(shell sed -n 's/^version: *//p' charts/vdi-operator/Chart.yaml)
SIGNED := controller admission-webhook reaper gate $(if $(FOREIGN),,desktop)
NODE_IMAGES := controller admission-webhook reaper gate desktop pause traefik

.PHONY: help build services programs node images docker-build chart bundle vulnerabilities cli up down demo deploy check-commits test \
  chaos fuzz bench manifests run format clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

build: ## Compile and package, without tests
	@$(WITH) echo "building; the first build downloads libraries"
	@$(MVN) -q package -DskipTests

# Builds only what runs. make test compiles the tests and checks the format.
services:
	@$(WITH) echo "building; the first build downloads libraries"
	@$(MVN) -q package $(SBOM) -Dmaven.test.skip=true -Dspotless.check.skip

# With PLATFORM for another machine, it builds the programs of the development cluster only.
programs: build
	@if [ -z "$(FOREIGN)" ] && $(DEVCLUSTER) node; then $(IMAGES) --programs $(NODE_IMAGES) kubectl-vdi; \
	  else $(DEVCLUSTER) build $(PLATFORM); fi

# Builds the images for a node that runs containers, if this machine supports such a node.
node: services
	@if $(DEVCLUSTER) node; then $(IMAGES) --programs $(NODE_IMAGES); fi

images cli: SBOM := org.cyclonedx:cyclonedx-maven-plugin:makeBom

images: services ## Build images, SBOMs and signatures in images/target; REGISTRY=... TAG=... PLATFORM=linux/arm64 BASE_IMAGE=... SIGNING_KEY=...
	@PLATFORM=$(PLATFORM) IMAGE_REGISTRY=$(REGISTRY) IMAGE_TAG=$(TAG) $(IMAGES) --sbom
	@images/bin/sign $(foreach image,$(SIGNED),$(TARGET)/$(image).tar $(TARGET)/$(image).cdx.json)

docker-build: images ## The same; IMG=<registry>/<any>:<tag>

chart: services ## Package the chart in images/target, for helm push; HELM_FLAGS='--sign --key=... --keyring=...'
	@$(DEVCLUSTER) helm package charts/vdi-operator --destination=$(TARGET) $(HELM_FLAGS)

bundle: images cli chart ## Pack images, CLI, chart and checksums for an installation without network: images/target/*-linux-*.tar
	@images/bin/bundle $(TARGET) $(BUNDLE)-linux-$(ARCH) $(BUNDLE).tgz \
	  $(foreach file,$(SIGNED:=.tar) $(SIGNED:=.cdx.json) kubectl-vdi.tar kubectl-vdi.cdx.json,$(file) $(file).sig)

vulnerabilities: OSV_SCANNER := 2.3.5
vulnerabilities: images cli ## Compare the SBOMs with known vulnerabilities; OSV_DATABASE=... for a machine without network
	@GOBIN=$(CURDIR)/images/target/osv $(WITH) go install github.com/google/osv-scanner/v2/cmd/osv-scanner@v$(OSV_SCANNER)
	@OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY=$(OSV_DATABASE) images/target/osv/osv-scanner scan source \
	  $(if $(OSV_DATABASE),--offline) $(foreach image,$(SIGNED),--lockfile=images/target/$(image).cdx.json) \
	  --lockfile=images/target/kubectl-vdi.cdx.json

cli: services ## Build the kubectl plugin: images/target/kubectl-vdi.tar
	@PLATFORM=$(PLATFORM) $(IMAGES) --sbom kubectl-vdi
	@images/bin/sign $(TARGET)/kubectl-vdi.tar $(TARGET)/kubectl-vdi.cdx.json

up: node ## Start a cluster with the operator in the background
	@$(DEVCLUSTER) up

down: ## Stop the cluster that `make up` started
	@$(DEVCLUSTER) down

demo: node ## Start a cluster, the operator and a session; with DEMO_ONCE=1 check them and exit
	@$(DEMO)

# --take-ownership adopts CRDs that were applied with kubectl.
deploy: services ## Install or upgrade with Helm in the cluster of KUBECONFIG; REGISTRY=... TAG=... HELM_FLAGS='--values=...'
	@$(DEVCLUSTER) helm upgrade --install vdi-operator charts/vdi-operator --namespace=vdi-system \
	  --create-namespace --take-ownership --wait --timeout=3m $(if $(REGISTRY),--set=image.registry=$(REGISTRY)) \
	  $(if $(TAG),--set-string=image.tag=$(TAG)) $(HELM_FLAGS)

check-commits: ## Check the subjects of new commits; RANGE=origin/main..HEAD checks that range
	@.ci/check-commits $(RANGE)

test: check-commits programs ## Run all tests against a real Kubernetes
	@$(MVN) --fail-at-end verify

chaos: programs ## Run every perturbation: crashes, outdated caches, changes of each field, node faults; VDI_CHAOS="-Dvdi.chaos.seed=1"
	@$(WITH) mvn verify -pl controller,admission-webhook,reaper,e2e -am -Dvdi.chaos=true -Djqwik.tries.default=5000 \
	  -Dtest.compiler=-XX:+TieredCompilation \
	  -Dtest='PerturbationProperties,SessionPlannerProperties,NodeDrainProperties' \
	  -Dit.test='CrashIT,CrashHistoriesIT,StaleWatchIT,FieldMutationIT,RecoveryIT,MemoryIT,NodeFaultsIT,FaultsIT,GatewayIT,GateIT' -Dsurefire.failIfNoSpecifiedTests=false \
	  -Dfailsafe.failIfNoSpecifiedTests=false $(VDI_CHAOS)

# Jazzer is no dependency of the build: its target is a method without annotations.
fuzz: JAZZER := 0.30.0
fuzz: FUZZ_SECONDS ?= 300
fuzz: FUZZ := admission-webhook/target/fuzz
fuzz: ## Fuzz the codec and the rules of admission with Jazzer; FUZZ_SECONDS=600 sets the time
	@$(WITH) mvn -q test-compile dependency:build-classpath -Dmdep.outputFile=target/test.classpath \
	  -pl admission-webhook -am
	@for name in jazzer jazzer-api; do $(WITH) mvn -q dependency:copy -pl admission-webhook \
	  -Dartifact=com.code-intelligence:$$name:$(JAZZER) -DoutputDirectory=target/fuzz || exit; done
	@mkdir -p $(FUZZ)/corpus
	@$(JAVA) -cp "$(FUZZ)/*:admission-webhook/target/test-classes:admission-webhook/target/classes:$$(cat admission-webhook/target/test.classpath)" \
	  com.code_intelligence.jazzer.Jazzer --target_class=io.vdi.operator.admission.http.ReviewFuzzer \
	  --instrumentation_includes='io.vdi.operator.**:com.google.gson.**' $(FUZZ)/corpus \
	  admission-webhook/src/test/fuzz/seeds -dict=admission-webhook/src/test/fuzz/dictionary \
	  -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=25 -artifact_prefix=$(FUZZ)/

bench: programs ## Measure speed and memory; BENCH="limit burst" runs a part
	@$(JAVA) -cp 'bench/target/bench.jar:bench/target/lib/*' io.vdi.operator.bench.Main $(BENCH)

manifests: ## Check that the CRDs and the Java records agree
	@$(MVN) test -q -pl common -Dtest=CrdAgreementTest

run: services ## Run a service from source against the cluster of KUBECONFIG; SERVICE=reaper etc.
	@$(JAVA) -cp '$(SERVICE)/target/$(SERVICE).jar:$(SERVICE)/target/lib/*' $(or $(MAIN_$(SERVICE)),$(error SERVICE must be controller, admission-webhook, reaper or gate))

format: ## Format the sources
	@$(MVN) -q spotless:apply

clean: ## Remove build results; the cache of built programs is kept
	@$(MVN) -q clean
