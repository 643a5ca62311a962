package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.gate.desktop.AdminWatch;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GateConfigTest {
  @Test
  void withAnAddressTheDefaultsAreValidAndNobodyCanSignIn() throws Exception {
    GateConfig config = read(Map.of());
    assertThat(config.publicUrl()).hasToString("https://portal.example.com");
    assertThat(config.oidc()).isEmpty();
    assertThat(config.signIn().requireVerifiedEmail()).isTrue();
    assertThat(config.signIn().lifetime()).isEqualTo(Duration.ofHours(10));
    assertThat(config.desktops().passLifetime()).isEqualTo(Duration.ofMinutes(15));
    assertThat(config.desktops().access().adminsMayOpen()).isFalse();
    assertThat(config.ticketLifetime()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void theProviderIsRead() throws Exception {
    GateConfig config =
        read(
            Map.of(
                "vdiConfig_GATE_OIDC_ISSUER", "https://sso.example.com/realms/x",
                "vdiConfig_GATE_OIDC_CLIENT_ID", "vdi"));
    assertThat(config.oidc().orElseThrow().callback())
        .hasToString("https://portal.example.com/signin/callback");
    assertThat(config.oidc().orElseThrow().clientSecret().get()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"off, OFF", "false, OFF", "announced, ANNOUNCED", "silent, SILENT"})
  void adminWatch(String text, AdminWatch watch) throws Exception {
    GateConfig config = read(Map.of("vdiConfig_GATE_DESKTOPS_ADMIN_WATCH", text));
    assertThat(config.adminWatch()).isEqualTo(watch);
    assertThat(config.desktops().access().adminsMayWatch()).isEqualTo(watch != AdminWatch.OFF);
  }

  @ParameterizedTest
  @CsvSource({"off, false", "false, false", "view, true"})
  void links(String text, boolean links) throws Exception {
    GateConfig config = read(Map.of("vdiConfig_GATE_DESKTOPS_LINKS", text));
    assertThat(config.desktops().access().links()).isEqualTo(links);
    assertThat(config.api().desktops().linkPage())
        .isEqualTo(
            links ? Optional.of(URI.create("https://portal.example.com/link")) : Optional.empty());
    assertThat(read(Map.of()).desktops().access().links()).as("by default").isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "PUBLIC_URL, http://portal.example.com, gate.publicUrl",
    "PUBLIC_URL, '', gate.publicUrl",
    "OIDC_ISSUER, http://sso.example.com, must be an https address",
    "OIDC_ISSUER, https://sso.example.com, gate.oidc.clientId must not be empty",
    "DESKTOPS_COOKIE_LIFETIME, 16m, gate.desktops.cookieLifetime",
    "DESKTOPS_TICKET_LIFETIME, 31s, gate.desktops.ticketLifetime",
    "SIGN_IN_IDLE_TIMEOUT, 11h, gate.signIn.idleTimeout",
    "KEYS_ROTATION, 1h, gate.keys.rotation",
    "KEYS_SECRET, '', gate.keys.secret",
    "DEVELOPMENT_GROUPS, staff, gate.development.groups",
    "DEVELOPMENT_USER, alice@example.com, gate.publicUrl must be a loopback address",
    "DESKTOPS_ADMIN_WATCH, 'true', gate.desktops.adminWatch",
    "DESKTOPS_LINKS, control, must be off or view",
    "DESKTOPS_LINKS, 'true', must be off or view",
    "AUDIT_WEBHOOK_URL, ftp://x, gate.audit.webhook.url"
  })
  void anUnsafeSettingIsRefused(String key, String value, String message) {
    assertThatThrownBy(() -> read(Map.of("vdiConfig_GATE_" + key, value)))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void theDevelopmentModeIsRefusedWhereOthersCanReachIt() throws Exception {
    Map<String, String> loopback =
        Map.of(
            "vdiConfig_GATE_PUBLIC_URL", "http://localhost:8080",
            "vdiConfig_GATE_HOST", "127.0.0.1",
            "vdiConfig_GATE_DEVELOPMENT_USER", "alice@example.com",
            "vdiConfig_GATE_DEVELOPMENT_GROUPS", "staff,ops");
    assertThat(read(loopback).development().orElseThrow().groups()).containsExactly("staff", "ops");
    Map.of(
            "vdiConfig_GATE_PUBLIC_URL", "https://portal.example.com",
            "vdiConfig_GATE_HOST", "0.0.0.0",
            "vdiConfig_GATE_OIDC_ISSUER", "https://sso.example.com",
            "vdiConfig_GATE_DEVELOPMENT_USER", "alice")
        .forEach((key, value) -> {
          Map<String, String> unsafe = new HashMap<>(loopback);
          unsafe.put(key, value);
          unsafe.put("vdiConfig_GATE_OIDC_CLIENT_ID", "vdi");
          assertThatThrownBy(() -> read(unsafe))
              .isInstanceOf(InvalidConfigException.class)
              .hasMessageContaining("gate.development.user")
              .hasMessageContaining(value);
        });
  }

  private static GateConfig read(Map<String, String> settings) throws InvalidConfigException {
    Map<String, String> environment = new HashMap<>();
    environment.put("vdiConfig_GATE_PUBLIC_URL", "https://portal.example.com");
    environment.putAll(settings);
    return GateConfig.from(new ConfigLoader(Optional.empty(), environment).load());
  }
}
