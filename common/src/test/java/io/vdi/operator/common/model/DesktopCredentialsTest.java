package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeGson;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DesktopCredentialsTest {
  private static final JsonObject SECRET =
      JsonParser.parseString("{data: {password: 'czNjcmV0', turn: ''}}").getAsJsonObject();

  @Test
  @DisplayName("the user is ubuntu unless the template's env names another one")
  void userName() {
    assertThat(DesktopCredentials.userName(Optional.empty())).isEqualTo("ubuntu");
    assertThat(DesktopCredentials.userName(template("[]"))).isEqualTo("ubuntu");
    assertThat(
            DesktopCredentials.userName(
                template(
                    "[{name: OTHER, value: x}, {name: SELKIES_BASIC_AUTH_USER, value: kasm}]")))
        .isEqualTo("kasm");
  }

  @Test
  @DisplayName("the password is decoded from the Secret")
  void password() {
    assertThat(DesktopCredentials.of(Optional.empty(), SECRET))
        .contains(new DesktopCredentials("ubuntu", "s3cret"));
    assertThat(
            DesktopCredentials.of(
                template("[{name: SELKIES_BASIC_AUTH_USER, value: kasm}]"), SECRET))
        .contains(new DesktopCredentials("kasm", "s3cret"));
  }

  @Test
  @DisplayName("without a password there are no credentials")
  void noPassword() {
    for (String secret : new String[] {"{}", "{data: {}}", "{data: {password: ''}}", "{data: 1}"}) {
      assertThat(
              DesktopCredentials.of(
                  Optional.empty(), JsonParser.parseString(secret).getAsJsonObject()))
          .as(secret)
          .isEmpty();
    }
  }

  @Test
  @DisplayName("a guest has another password than the owner, or none")
  void viewer() {
    assertThat(
            DesktopCredentials.ofViewer(
                Optional.empty(), secret("{password: 'czNjcmV0', viewer-password: 'dmlldw=='}")))
        .contains(new DesktopCredentials("ubuntu", "view"));
    for (String data :
        new String[] {
          "{}",
          "{password: 'czNjcmV0'}",
          "{password: 'czNjcmV0', viewer-password: ''}",
          "{viewer-password: 'dmlldw=='}",
          "{password: 'czNjcmV0', viewer-password: 'czNjcmV0'}"
        }) {
      assertThat(DesktopCredentials.ofViewer(Optional.empty(), secret(data))).as(data).isEmpty();
    }
  }

  private static JsonObject secret(String data) {
    return JsonParser.parseString("{data: " + data + "}").getAsJsonObject();
  }

  @Test
  @DisplayName("any other key of a Secret can be decoded; an empty value counts as missing")
  void decode() {
    assertThat(DesktopCredentials.decode(SECRET, "password")).contains("s3cret");
    assertThat(DesktopCredentials.decode(SECRET, "turn")).isEmpty();
    assertThat(DesktopCredentials.decode(SECRET, "missing")).isEmpty();
  }

  private static Optional<VdiTemplate> template(String env) {
    return Optional.of(KubeGson.gson().fromJson("{spec: {env: " + env + "}}", VdiTemplate.class));
  }
}
