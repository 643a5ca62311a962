package io.vdi.operator.common.quota;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.config.Config;
import io.helidon.config.ConfigSources;
import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.ConfigReader;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuotaTest {
  private static final String SETTINGS =
      """
      quota:
        mode: reject
        user:
          sessions: 3
          gpus: 2
          exceptions:
            - {name: Alice@Example.com, gpus: 4}
            - {name: bob@example.com, sessions: unlimited}
        namespace: {sessions: unlimited, gpus: unlimited, exceptions: []}
        template: {sessions: unlimited, gpus: unlimited, exceptions: []}
        cluster: {sessions: 10, gpus: unlimited}
      """;

  @Test
  void aRefusalSaysWhichLimitItsValueWhatIsUsedAndWhatWasAsked() throws BadConfig {
    Quota quota = read(SETTINGS);
    Share share = new Share("carol@example.com", "desks", "t", new Amount(1, 1));
    Usage usage = Usage.of(List.of(share.with(new Amount(1, 2))));
    assertEquals(
        "GPU quota exceeded for user carol@example.com: used 2, requested 1, limit 2",
        quota.exceeded(usage, share).getFirst().message());
    Usage full = Usage.of(List.of(share.with(new Amount(10, 0))));
    assertEquals(
        List.of(
            "Session quota exceeded for user carol@example.com: used 10, requested 1, limit 3",
            "Session quota exceeded for cluster: used 10, requested 1, limit 10"),
        quota.exceeded(full, share).stream().map(Excess::message).toList());
  }

  @Test
  void exceptionsTakeTheStandardForWhatTheyDoNotName() throws BadConfig {
    Quota quota = read(SETTINGS);
    assertEquals(new Amount(3, 4), quota.limit(Scope.USER, "alice@example.com"));
    assertEquals(new Amount(Amount.UNLIMITED, 2), quota.limit(Scope.USER, "bob@example.com"));
  }

  @Test
  void whoAsksForNothingIsRefusedNothing() throws BadConfig {
    Share share = new Share("carol@example.com", "desks", "t", new Amount(0, 0));
    Usage full = Usage.of(List.of(share.with(new Amount(100, 100))));
    assertEquals(List.of(), read(SETTINGS).exceeded(full, share));
  }

  @Test
  void badLimitsAreNamed() {
    String bad = SETTINGS.replace("gpus: 4", "gpus: many").replace("sessions: 10", "sessions: -1");
    String message = assertThrows(BadConfig.class, () -> read(bad)).getMessage();
    assertTrue(message.contains("quota.user.exceptions Alice@Example.com: gpus \"many\""), message);
    assertTrue(message.contains("quota.cluster.sessions \"-1\" must be a whole number"), message);
  }

  private static Quota read(String yaml) throws BadConfig {
    ConfigReader reader =
        new ConfigReader(
            Config.builder(ConfigSources.create(yaml, MediaTypes.APPLICATION_YAML))
                .disableEnvironmentVariablesSource()
                .disableSystemPropertiesSource()
                .build());
    Quota quota = Quota.read(reader);
    reader.finish();
    return quota;
  }
}
