package io.vdi.operator.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.config.Config;
import io.helidon.config.ConfigSources;
import io.helidon.config.yaml.YamlConfigParser;
import io.vdi.operator.controller.session.resources.GateAddress;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The settings {@code access.*} and {@code ingress.*}; docs/configuration.md. */
class ControllerConfigTest {
  private static ControllerConfig read(String yaml) throws InvalidConfigException {
    return ControllerConfig.from(
        Config.builder()
            .disableEnvironmentVariablesSource()
            .disableSystemPropertiesSource()
            .addParser(YamlConfigParser.create())
            .addSource(ConfigSources.create(yaml, MediaTypes.APPLICATION_X_YAML))
            .addSource(ConfigSources.classpath("application.yaml"))
            .build());
  }

  private static String forwardAuth(String yaml) throws InvalidConfigException {
    return read(yaml).session().middleware().orElseThrow().body().get("spec").toString();
  }

  @Test
  void routesAskNoGateByDefault() throws InvalidConfigException {
    assertThat(read("workers: 1").session().middleware()).isEmpty();
    assertThat(read("{access: {mode: gate}, ingress: {kind: none}}").session().middleware())
        .isEmpty();
  }

  @Test
  void theGateIsInTheNamespaceOfTheOperatorUnlessItsAddressIsSet() throws InvalidConfigException {
    assertThat(forwardAuth("{access: {mode: gate}, leaderElection: {namespace: desks}}"))
        .contains("\"http://vdi-gate.desks.svc:8082/forward-auth\"");
    assertThat(
            forwardAuth(
                "access: {mode: gate, gate: {forwardAuthUrl: 'http://10.0.0.1:8082/forward-auth'}}"))
        .contains("\"http://10.0.0.1:8082/forward-auth\"");
  }

  @Test
  void theHostOfThePortalIsReserved() throws InvalidConfigException {
    assertThat(
            read("{domain: example.com, access: {gate: {portalUrl: 'https://desks.example.com:8443'}}}")
                .hosts()
                .reserved())
        .contains("desks", "portal");
    assertThat(
            read("{domain: example.com, access: {gate: {portalUrl: 'https://desks.example.org'}}}")
                .hosts()
                .reserved())
        .doesNotContain("desks");
  }

  @Test
  void routesGetMiddlewaresLabelsAndAnnotations() throws InvalidConfigException {
    SessionConfig.Ingress ingress =
        read("""
        ingress:
          middlewares: [headers, traefik/limits]
          labels: {example.com/zone: inner, team: desks}
          annotations: {external-dns.alpha.kubernetes.io/target: vdi.example.com}
        """)
            .session()
            .ingress();
    assertThat(ingress.middlewares())
        .containsExactly(
            new SessionConfig.MiddlewareRef(Optional.empty(), "headers"),
            new SessionConfig.MiddlewareRef(Optional.of("traefik"), "limits"));
    assertThat(ingress.labels()).isEqualTo(Map.of("example.com/zone", "inner", "team", "desks"));
    assertThat(ingress.annotations())
        .isEqualTo(Map.of("external-dns.alpha.kubernetes.io/target", "vdi.example.com"));
    assertThatThrownBy(() -> read("ingress: {labels: {app.kubernetes.io/name: other}}"))
        .hasMessageContaining(
            "ingress.labels \"app.kubernetes.io/name\" is the operator's own: leave it out");
    assertThatThrownBy(() -> read("ingress: {middlewares: ['a b']}"))
        .hasMessageContaining("ingress.middlewares \"a b\" must be the name of a Middleware");
  }

  @ParameterizedTest
  @CsvSource({
    "traefik, basic, auto, true",
    "traefik, gate, auto, false",
    "ingress, basic, auto, false",
    "none, basic, auto, false",
    "ingress, basic, always, true",
    "traefik, basic, never, false"
  })
  void servicesAreHeadlessWhereNobodyNeedsTheClusterIp(
      String kind, String mode, String headless, boolean expected) throws InvalidConfigException {
    assertThat(
            read("access: {mode: %s}\ningress: {kind: %s, headlessServices: %s}"
                    .formatted(mode, kind, headless))
                .session()
                .ingress()
                .headlessServices())
        .isEqualTo(expected);
    assertThatThrownBy(() -> read("access: {mode: gate}\ningress: {headlessServices: always}"))
        .hasMessageContaining(
            "ingress.headlessServices \"always\" must be auto or never with access.mode gate");
  }

  @Test
  void routesOfKindGatewayReferToGateways() throws InvalidConfigException {
    SessionConfig.Ingress ingress =
        read("""
        access: {mode: gate}
        ingress:
          kind: gateway
          middlewares: [headers]
          gateway:
            parentRefs:
              - {name: inner}
              - {group: example.com, kind: Mesh, namespace: infra, name: outer, sectionName: web, port: 443}
        """)
            .session()
            .ingress();
    assertThat(ingress.parentRefs())
        .containsExactly(
            new SessionConfig.ParentRef(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "inner",
                Optional.empty(),
                Optional.empty()),
            new SessionConfig.ParentRef(
                Optional.of("example.com"),
                Optional.of("Mesh"),
                Optional.of("infra"),
                "outer",
                Optional.of("web"),
                Optional.of(443)));
  }

  @Test
  void settingsThatAnHttpRouteHasNoFieldForAreRefused() {
    assertThatThrownBy(() -> read("ingress: {kind: gateway}"))
        .hasMessageContaining("ingress.gateway.parentRefs [] must name at least one Gateway");
    String gateway = "gateway: {parentRefs: [{name: inner}]}";
    assertThatThrownBy(() ->
            read(
                """
                tls: {mode: secretName, secretName: wildcard}
                ingress: {kind: gateway, className: traefik, middlewares: [traefik/limits], %s}
                """
                    .formatted(gateway)))
        .hasMessageContaining(
            "tls.mode \"secretName\" must be routerDefault with ingress.kind gateway: set the"
                + " certificate in the listener of the Gateway")
        .hasMessageContaining("ingress.className \"traefik\" must be empty")
        .hasMessageContaining(
            "ingress.middlewares \"traefik/limits\" must have no namespace with ingress.kind gateway:"
                + " an HTTPRoute refers only to objects of its own namespace; create the Middleware"
                + " in each namespace with sessions and set \"limits\"");
  }

  @Test
  void aGatewayThatCannotExistIsRefused() {
    for (String wrong :
        List.of(
            "{namespace: infra}",
            "{name: Inner}",
            "{name: inner, namespace: a/b}",
            "{name: inner, port: 65536}",
            "{name: inner, section: web}",
            "inner")) {
      assertThatThrownBy(
              () -> read("ingress: {kind: gateway, gateway: {parentRefs: [" + wrong + "]}}"))
          .as(wrong)
          .hasMessageContaining("ingress.gateway.parentRefs ");
    }
  }

  @Test
  void anIngressAsksAGateOnlyIfItsControllerIsKnown() throws InvalidConfigException {
    assertThatThrownBy(
            () -> read("{access: {mode: gate}, ingress: {kind: ingress, className: nginx}}"))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining("ingress.className \"nginx\" does not say who asks the gate")
        .hasMessageContaining("set ingress.controller to traefik or ingressNginx");
    assertThat(
            read("{access: {mode: gate}, ingress: {kind: ingress, controller: traefik}}")
                .session()
                .middleware())
        .isPresent();
    assertThat(
            read("{access: {mode: gate}, ingress: {kind: ingress, className: traefik-internal}}")
                .session()
                .middleware())
        .isPresent();
  }

  @Test
  void ingressNginxAsksAtAFullName() throws InvalidConfigException {
    assertThat(nginxAddress("")).isEqualTo("vdi-gate.vdi-system.svc.cluster.local:8082");
    assertThat(nginxAddress("clusterDomain: desks.internal"))
        .isEqualTo("vdi-gate.vdi-system.svc.desks.internal:8082");
    assertThat(nginxAddress("forwardAuthUrl: 'https://gate.desks.svc/forward-auth'"))
        .isEqualTo("gate.desks.svc.cluster.local:443");
    assertThat(nginxAddress("forwardAuthUrl: 'http://gate.example.com:81/forward-auth'"))
        .isEqualTo("gate.example.com:81");
    for (String wrong :
        List.of(
            "http://10.0.0.1:8082/forward-auth",
            "http://gate:99999/forward-auth",
            "http://gate.example.com/forward-auth?x=$uri",
            "http://gate.example.com/",
            "http://Gate.example.com/forward-auth")) {
      assertThatThrownBy(() -> nginxAddress("forwardAuthUrl: '" + wrong + "'"))
          .as(wrong)
          .hasMessageContaining("access.gate.forwardAuthUrl \"" + wrong + "\" must have a name");
    }
  }

  /** Host and port of the gate for ingress-nginx, with these settings of {@code access.gate}. */
  private static String nginxAddress(String gate) throws InvalidConfigException {
    SessionConfig session = read(NGINX.formatted(gate, "")).session();
    GateAddress address = session.ingressNginx().orElseThrow().address();
    assertThat(session.middleware()).isEmpty();
    return address.host() + ":" + address.port();
  }

  private static final String NGINX =
      "{access: {mode: gate, gate: {%s}}, ingress: {kind: ingress, controller: ingressNginx%s}}";

  @Test
  void annotationsThatChangeTheQuestionOfIngressNginxAreRefused() throws InvalidConfigException {
    for (String name :
        List.of("auth-url", "auth-cache-key", "satisfy", "rewrite-target", "enable-global-auth")) {
      String annotation = "nginx.ingress.kubernetes.io/" + name;
      assertThatThrownBy(
              () -> read(NGINX.formatted("", ", annotations: {" + annotation + ": any}")))
          .as(name)
          .hasMessageContaining("ingress.annotations \"" + annotation + "\" would change");
    }
    String harmless =
        ", annotations: {nginx.ingress.kubernetes.io/auth-tls-secret: a/b, example.com/zone: x}";
    assertThat(read(NGINX.formatted("", harmless)).session().ingressNginx()).isPresent();
  }

  @Test
  void ingressNginxReadsOnlyIngresses() {
    assertThatThrownBy(() -> read("{ingress: {kind: traefik, controller: ingressNginx}}"))
        .hasMessageContaining("ingress.controller ingressNginx reads only Ingresses");
    assertThatThrownBy(() -> read("{ingress: {kind: ingress, controller: nginx}}"))
        .hasMessageContaining("ingress.controller");
  }

  @Test
  void anAddressWithoutPathIsRefused() {
    assertThatThrownBy(() -> read("access: {mode: gate, gate: {forwardAuthUrl: gate}}"))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining("access.gate.forwardAuthUrl \"gate\" must be an address");
  }
}
