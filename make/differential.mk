# The differential test: real back ends say what they read, and so what the module misses.

# The back ends, and where their pinned packages and programs go.
APPLICATIONS = php-cli python3-venv $(if $(shell command -v npm),,nodejs npm) golang-go libjackson2-databind-java \
	libgoogle-gson-java libjetty9-java libmojolicious-perl libplack-perl libtomcat10-java openjdk-17-jdk-headless puma \
	ruby-nokogiri ruby-rack ruby-sinatra
APPS   = t/differential/backends
JUDGES = $(TARGET)/differential

.PHONY: backends differential
backends: PACKAGES += $(APPLICATIONS)
backends: $(JUDGES)/venv/installed $(JUDGES)/node/installed $(JUDGES)/go/backend $(JUDGES)/java/run \
	$(JUDGES)/rust/release/backends ## install the back ends of the differential test

$(JUDGES)/venv/installed: $(APPS)/python/requirements.txt | setup
	@echo "installing Django, FastAPI and others into $(@D)"
	@rm -rf $(@D) && python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

# Peers would bring a whole web framework for the one function that reads its cookies.
$(JUDGES)/node/installed: $(APPS)/node/package-lock.json $(APPS)/node/package.json | setup
	@echo "installing Express, Fastify and others into $(@D)"
	@mkdir -p $(@D) && cp $^ $(@D)
	@cd $(@D) && npm ci --silent --no-audit --no-fund --legacy-peer-deps
	@touch $@

$(JUDGES)/go/backend: $(wildcard $(APPS)/go/*) | setup
	@echo "building the back end in Go"
	@mkdir -p $(@D) && cd $(APPS)/go && GOFLAGS=-mod=mod GOTOOLCHAIN=local go build -o $@ .

JARS = $(addprefix tomcat10-,catalina coyote juli api servlet-api util util-scan jni annotations-api jaspic-api \
	jasper el-api jasper-el jsp-api) $(addprefix jetty9-,server http io util) servlet-api \
	$(addprefix jackson-,core databind annotations) gson
CLASSES = $(subst $() ,:,$(patsubst %,/usr/share/java/%.jar,$(JARS)))

$(JUDGES)/java/run: $(wildcard $(APPS)/java/*.java) | setup
	@echo "building the back ends in Java"
	@mkdir -p $(@D)/classes && javac -nowarn -cp $(CLASSES) -d $(@D)/classes $^ 2>&1 | grep -v ^Note: || true
	@echo 'exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp $(@D)/classes:$(CLASSES) Run "$$@"' >$@
	@test -e $(@D)/classes/Run.class

$(JUDGES)/rust/release/backends: $(wildcard $(APPS)/rust/Cargo.* $(APPS)/rust/src/*) | setup
	@echo "building the back ends in Rust"
	@cd $(APPS)/rust && CARGO_TARGET_DIR=$(JUDGES)/rust $(CARGO) build --quiet --release --locked
	@touch $@

# `make test` asks other requests with each day of a commit, the same ones for one commit.
OF_THE_DAY = $(addprefix TOKENBAN_DIFFERENTIAL_SEED=,$(shell git log -1 --format=%cd --date=format:%Y%m%d 2>/dev/null))

N    ?= 5000
SEED ?= $(shell date +%s)

differential: configure backends ## ask real back ends what the module misses (N=5000 SEED=1 BACKENDS=go,rack)
	$(call build_module,debug)
	$(TOLD) TOKENBAN_DIFFERENTIAL_N=$(N) TOKENBAN_DIFFERENTIAL_SEED=$(SEED) \
		$(if $(BACKENDS),TOKENBAN_DIFFERENTIAL_BACKENDS=$(BACKENDS)) \
		nice $(CARGO) test --package tokenban-tests --test differential -- --ignored --nocapture
