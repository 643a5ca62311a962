package io.vdi.operator.reaper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.config.Config;
import io.vdi.operator.reaper.activity.ActivityConfig;
import io.vdi.operator.reaper.activity.LoadConfig;
import io.vdi.operator.reaper.execution.DeletionConfig;
import io.vdi.operator.reaper.execution.DeletionConfig.MassDeletionConfig;
import io.vdi.operator.reaper.notice.NoticeConfig;
import io.vdi.operator.reaper.policy.RetentionConfig;
import io.vdi.operator.reaper.policy.ScheduleConfig;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReaperConfigTest {
  @Test
  void theDefaultsAreThoseOfTheDocumentation() throws InvalidConfigException {
    ReaperConfig config = config(Map.of());
    assertThat(config.retention())
        .isEqualTo(
            new RetentionConfig(
                Duration.ofMinutes(10),
                Duration.ofHours(24),
                false,
                Duration.ofMinutes(10),
                Duration.ofMinutes(10),
                Duration.ofDays(30),
                new ScheduleConfig(Duration.ofMinutes(10), Duration.ofHours(1))));
    assertThat(config.deletion())
        .isEqualTo(
            new DeletionConfig(
                false, false, 600, new MassDeletionConfig(50, 10, false, Duration.ofMinutes(5))));
    assertThat(config.activity())
        .isEqualTo(
            new ActivityConfig(
                Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofMinutes(1), 32, false));
    assertThat(config.load())
        .isEqualTo(
            new LoadConfig(
                false,
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                32,
                new LoadConfig.KubeletConfig(
                    "vdi-system",
                    "vdi-reaper-kubelet",
                    Path.of("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"),
                    false),
                new LoadConfig.GpuConfig("", "", 9400)));
    assertThat(config.sweepInterval()).isEqualTo(Duration.ofMinutes(5));
    assertThat(config.election().leaseName()).isEqualTo("vdi-reaper");
  }

  @Test
  void theWindowOfMassDeletionsIsTheSweepInterval() throws InvalidConfigException {
    ReaperConfig config = config(Map.of("vdiConfig_SWEEP_INTERVAL", "7m"));
    assertThat(config.deletion().massDeletion().window()).isEqualTo(Duration.ofMinutes(7));
  }

  @Test
  void aDryRunAppliesToDeletionsAndActivity() throws InvalidConfigException {
    ReaperConfig config = config(Map.of("vdiConfig_DRY_RUN", "true"));
    assertThat(config.deletion().dryRun()).isTrue();
    assertThat(config.activity().dryRun()).isTrue();
  }

  @Test
  void zeroMeansNeverForTheSettingsThatSaySo() throws InvalidConfigException {
    ReaperConfig config =
        config(Map.of("vdiConfig_HOME_RETENTION", "0", "vdiConfig_FAILED_SESSION_TTL", "0"));
    assertThat(config.retention().homeRetention()).isZero();
    assertThat(config.retention().failedSessionTtl()).isZero();
  }

  @Test
  void everyInvalidValueIsReportedInOneMessage() {
    Map<String, String> environment =
        Map.of(
            "vdiConfig_ORPHAN_GRACE_PERIOD", "0",
            "vdiConfig_DRY_RUN", "maybe",
            "vdiConfig_MASS_DELETION_PERCENT", "101",
            "vdiConfig_HOME_RETENTION", "30d",
            "vdiConfig_ACTIVITY_MAX_CONCURRENT_REQUESTS", "0",
            "vdiConfig_BUSY_GPU_SELECTOR", "app=dcgm");
    assertThatThrownBy(() -> config(environment))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining("orphanGracePeriod \"0\" must be a duration above zero")
        .hasMessageContaining("dryRun \"maybe\" must be true or false")
        .hasMessageContaining("massDeletionPercent \"101\" must be a whole number from 1 to 100")
        .hasMessageContaining("homeRetention \"30d\" must be a duration")
        .hasMessageContaining("activity.maxConcurrentRequests \"0\" must be a whole number")
        .hasMessageContaining("busy.gpu.namespace must be the namespace of the pods");
  }

  @Test
  void noticesAreSentNowhereByDefault() throws InvalidConfigException {
    NoticeConfig notices = config(Map.of()).notices();
    assertThat(notices.webhook()).isEmpty();
    assertThat(notices.smtp()).isEmpty();
    assertThat(notices.chat()).isEmpty();
    assertThat(notices.giveUpAfter()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void aPasswordIsNotSentWithoutTlsAndAMailNeedsASender() {
    Map<String, String> environment =
        Map.of(
            "vdiConfig_NOTICES_WEBHOOK_URL", "events.example.com",
            "vdiConfig_NOTICES_SMTP_HOST", "mail.example.com",
            "vdiConfig_NOTICES_SMTP_FROM", "desktops",
            "vdiConfig_NOTICES_SMTP_TLS", "none",
            "vdiConfig_NOTICES_SMTP_USERNAME_FILE", "/etc/vdi/user",
            "vdiConfig_NOTICES_CHAT_FORMAT", "irc");
    assertThatThrownBy(() -> config(environment))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining(
            "notices.webhook.url \"events.example.com\" must be an http or https address")
        .hasMessageContaining("notices.smtp.from \"desktops\" must be the e-mail address")
        .hasMessageContaining("passwordFile must be set together")
        .hasMessageContaining("notices.smtp.tls must not be none")
        .hasMessageContaining("notices.chat.format \"irc\" must be one of slack, teams");
  }

  @Test
  void everyRenamedKeyNamesAnExistingOne() throws InvalidConfigException {
    Config config = new ConfigLoader(Optional.empty(), Map.of()).load();
    ReaperConfig.RENAMED_KEYS.forEach((former, present) -> {
      assertThat(config.get(present).exists()).as(present).isTrue();
      assertThat(config.get(former).exists()).as(former).isFalse();
    });
  }

  @Test
  void theFormerNameOfTheConcurrencySettingStillWorks() throws InvalidConfigException {
    ConfigLoader loader =
        new ConfigLoader(
            Optional.empty(), Map.of("vdiConfig_ACTIVITY_AT_ONCE", "7"), ReaperConfig.RENAMED_KEYS);
    assertThat(ReaperConfig.from(loader.load()).activity().maxConcurrentRequests()).isEqualTo(7);
  }

  private static ReaperConfig config(Map<String, String> environment)
      throws InvalidConfigException {
    return ReaperConfig.from(new ConfigLoader(Optional.empty(), environment).load());
  }
}
