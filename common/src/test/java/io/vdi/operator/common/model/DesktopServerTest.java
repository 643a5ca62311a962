package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.DesktopServer.ActivitySource;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The table of flavors; docs/flavors.md has the sources of the facts. */
class DesktopServerTest {
  private static final String CUSTOM =
      "flavor: custom, custom: {port: 8443, scheme: https, user: admin, userEnv: LOGIN, passwordEnv:"
          + " SECRET, healthPath: '/healthz'}";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          image: x            | 8080 | HTTP  | ubuntu    | /home/user      |
          flavor: selkies     | 8080 | HTTP  | ubuntu    | /home/user      |
          flavor: selkies1    | 8080 | HTTP  | ubuntu    | /home/ubuntu    | WEBRTC
          flavor: linuxserver | 3000 | HTTP  | abc       | /config         |
          flavor: kasmvnc     | 6901 | HTTPS | kasm_user | /home/kasm-user |
          """)
  void facts(
      String spec, int port, Scheme scheme, String user, String homePath, Transport transport) {
    VdiTemplate.Spec template = spec(spec);
    assertThat(template.port()).isEqualTo(port);
    assertThat(template.server().scheme()).isEqualTo(scheme);
    assertThat(user(spec)).isEqualTo(user);
    assertThat(template.homePath()).isEqualTo(homePath);
    assertThat(template.healthPath()).isEmpty();
    assertThat(template.transport()).isEqualTo(transport);
  }

  @Test
  @DisplayName("the template describes the server of flavor custom")
  void custom() {
    VdiTemplate.Spec template = spec(CUSTOM);
    assertThat(template.port()).isEqualTo(8443);
    assertThat(template.server().scheme()).isEqualTo(Scheme.HTTPS);
    assertThat(template.healthPath()).isEqualTo("/healthz");
    assertThat(template.homePath()).isEqualTo("/home/user");
    assertThat(user(CUSTOM)).isEqualTo("admin");
    assertThat(template.server().isReserved("SECRET")).isTrue();
    assertThat(template.server().isReserved("LOGIN")).isFalse();
    assertThat(template.server().isReserved("SELKIES_PORT")).isFalse();
  }

  @Test
  @DisplayName("spec.custom has no effect on another flavor")
  void customOfAnotherFlavor() {
    VdiTemplate.Spec template = spec("custom: {port: 8443, passwordEnv: X, healthPath: '/x'}");
    assertThat(template.port()).isEqualTo(8080);
    assertThat(template.healthPath()).isEmpty();
    assertThat(template.server()).isEqualTo(VdiTemplate.Spec.EMPTY.server());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          flavor: selkies, env: [{name: SELKIES_BASIC_AUTH_USER, value: me}]  | me
          flavor: selkies1, env: [{name: SELKIES_BASIC_AUTH_USER, value: me}] | me
          flavor: linuxserver, env: [{name: CUSTOM_USER, value: me}]          | me
          flavor: linuxserver, env: [{name: SELKIES_BASIC_AUTH_USER, value: me}] | abc
          flavor: kasmvnc, env: [{name: CUSTOM_USER, value: me}]              | kasm_user
          flavor: custom, custom: {port: 1, passwordEnv: P}                   | ubuntu
          flavor: custom, custom: {port: 1, passwordEnv: P, userEnv: U}, env: [{name: U, value: me}] | me
          """)
  void theTemplateCanChooseTheUser(String spec, String user) {
    assertThat(user(spec)).isEqualTo(user);
  }

  @ParameterizedTest
  @CsvSource({
    "SELKIES, SELKIES_PORT, true",
    "SELKIES, DISPLAY, true",
    "SELKIES, SELKIES_BASIC_AUTH_VIEWONLY_PASSWORD, true",
    "SELKIES1, SELKIES_BASIC_AUTH_VIEWONLY_PASSWORD, false",
    "SELKIES, SELKIES_TURN_HOST, true",
    "SELKIES, SELKIES_BASIC_AUTH_USER, false",
    "SELKIES, PASSWORD, false",
    "SELKIES1, NGINX_PORT, true",
    "SELKIES1, SELKIES_ENABLE_HTTPS, true",
    "SELKIES1, SELKIES_TURN_HOST, true",
    "SELKIES1, SELKIES_PORT, false",
    "SELKIES1, DISPLAY, false",
    "LINUXSERVER, PASSWORD, true",
    "LINUXSERVER, CUSTOM_PORT, true",
    "LINUXSERVER, CUSTOM_USER, false",
    "LINUXSERVER, PUID, false",
    "LINUXSERVER, SELKIES_ENCODER, false",
    "LINUXSERVER, SELKIES_TURN_HOST, false",
    "KASMVNC, VNC_PW, true",
    "KASMVNC, NO_VNC_PORT, true",
    "KASMVNC, VNCOPTIONS, false",
  })
  void whatATemplateMayNotSet(Flavor flavor, String variable, boolean reserved) {
    assertThat(server(flavor).isReserved(variable)).isEqualTo(reserved);
  }

  @ParameterizedTest
  @EnumSource(Flavor.class)
  @DisplayName("every flavor has one variable for the password, and no variable twice")
  void variables(Flavor flavor) {
    DesktopServer server =
        spec(CUSTOM.replace("flavor: custom", "flavor: " + flavor.text())).server();
    assertThat(server.variables())
        .filteredOn(variable -> variable.source() == DesktopServer.Setting.PASSWORD)
        .singleElement()
        .satisfies(variable -> assertThat(server.isReserved(variable.name())).isTrue());
    assertThat(
            new HashSet<>(server.variables().stream().map(DesktopServer.Variable::name).toList()))
        .hasSameSizeAs(server.variables());
  }

  @Test
  @DisplayName("only Selkies 2 and KasmVNC report their clients")
  void activity() {
    assertThat(
            Arrays.stream(Flavor.values())
                .filter(flavor -> server(flavor).activity() instanceof ActivitySource.Api))
        .containsExactly(Flavor.SELKIES, Flavor.KASMVNC);
  }

  @ParameterizedTest
  @EnumSource(Flavor.class)
  void theNamesAreThoseOfTemplates(Flavor flavor) {
    assertThat(Flavor.of(flavor.text())).contains(flavor);
    assertThat(KubeGson.gson().toJson(flavor)).isEqualTo("\"" + flavor.text() + "\"");
  }

  private static DesktopServer server(Flavor flavor) {
    return DesktopServer.of(flavor, spec("image: x").custom());
  }

  private static String user(String spec) {
    return DesktopCredentials.userName(template(spec));
  }

  private static VdiTemplate.Spec spec(String spec) {
    return template(spec).orElseThrow().spec();
  }

  private static Optional<VdiTemplate> template(String spec) {
    return Optional.of(KubeGson.gson().fromJson("{spec: {" + spec + "}}", VdiTemplate.class));
  }
}
