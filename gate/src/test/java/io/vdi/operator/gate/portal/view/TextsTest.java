package io.vdi.operator.gate.portal.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.SharingView;
import io.vdi.operator.gate.api.StartStep;
import io.vdi.operator.gate.api.StepName;
import io.vdi.operator.gate.http.Languages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Format;
import java.text.MessageFormat;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.Arrays;
import java.util.Locale;
import java.util.ResourceBundle;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TextsTest {
  private static final Texts EN = Texts.of("");
  private static final Texts DE = Texts.of("de");

  /** {@code get("home.title"}, also with a choice of two keys; and keys with a value behind. */
  private static final Pattern USE = Pattern.compile("\"([a-z]+\\.[A-Za-z]*\\.?)\"");

  @Test
  @DisplayName("both languages have the same keys, and no text is empty")
  void sameKeys() {
    ResourceBundle english = Texts.bundle(Texts.BUNDLE, Locale.ENGLISH);
    ResourceBundle german = Texts.bundle(Texts.BUNDLE, Locale.GERMAN);
    assertThat(german.getLocale()).isEqualTo(Locale.GERMAN);
    assertThat(new TreeSet<>(german.keySet())).isEqualTo(new TreeSet<>(english.keySet()));
    for (String key : english.keySet()) {
      assertThat(english.getString(key)).as(key).isNotBlank();
      assertThat(german.getString(key)).as(key).isNotBlank();
    }
  }

  @Test
  @DisplayName("both languages have the same placeholders of the same kinds")
  void samePlaceholders() {
    ResourceBundle english = Texts.bundle(Texts.BUNDLE, Locale.ENGLISH);
    ResourceBundle german = Texts.bundle(Texts.BUNDLE, Locale.GERMAN);
    for (String key : english.keySet()) {
      assertThat(placeholders(german.getString(key)))
          .as(key)
          .isEqualTo(placeholders(english.getString(key)));
    }
  }

  private static String placeholders(String pattern) {
    return Arrays.stream(new MessageFormat(pattern, Locale.ROOT).getFormatsByArgumentIndex())
        .map(TextsTest::kind)
        .collect(Collectors.joining(","));
  }

  private static String kind(Format format) {
    return format == null ? "text" : format.getClass().getSimpleName();
  }

  @Test
  @DisplayName("no text has the apostrophe that a pattern reads as a quote")
  void apostrophes() {
    for (Locale language : Languages.ALL) {
      ResourceBundle bundle = Texts.bundle(Texts.BUNDLE, language);
      assertThat(bundle.keySet())
          .allSatisfy(key -> assertThat(bundle.getString(key)).doesNotContain("'"));
    }
  }

  @Test
  @DisplayName("every key that a page or a class uses exists, and every key is used")
  void usedKeys() throws IOException {
    Set<String> prefixes =
        Set.of(
            "step.",
            "state.",
            "phase.",
            "scope.",
            "by.",
            "resource.",
            "check.",
            "error.",
            "done.",
            "notice.",
            "role.",
            "visitor.");
    Set<String> used = new TreeSet<>();
    for (Path file : sources()) {
      Matcher use = USE.matcher(Files.readString(file));
      while (use.find()) {
        used.add(use.group(1));
      }
    }
    Set<String> keys = Texts.bundle(Texts.BUNDLE, Locale.ENGLISH).keySet();
    Set<String> groups =
        keys.stream().map(key -> key.replaceFirst("\\..*", "")).collect(Collectors.toSet());
    assertThat(keys)
        .containsAll(
            used.stream()
                .filter(key -> !key.endsWith(".") && groups.contains(key.replaceFirst("\\..*", "")))
                .filter(key -> !key.equals("portal.css") && !key.endsWith(".jte"))
                .toList());
    assertThat(keys.stream().filter(key -> key.contains(".")))
        .allSatisfy(key ->
            assertThat(used.contains(key) || prefixes.stream().anyMatch(key::startsWith))
                .as("%s is not used", key)
                .isTrue());
  }

  private static Iterable<Path> sources() throws IOException {
    try (Stream<Path> templates = Files.walk(Path.of("src/main/jte"));
        Stream<Path> classes = Files.walk(Path.of("src/main/java/io/vdi/operator/gate/portal"))) {
      return Stream.concat(templates, classes).filter(Files::isRegularFile).toList();
    }
  }

  @Test
  @DisplayName("every constant that is a part of a key has a text")
  void constants() {
    for (Phase phase : Phase.values()) {
      assertThat(EN.get("phase." + phase.name())).isNotBlank();
    }
    for (Notice.Kind kind : Notice.Kind.values()) {
      assertThat(EN.get("notice." + kind.name(), "desk", "why")).contains("desk");
    }
    Views.REASONS.forEach(reason -> assertThat(EN.get("notice.reason." + reason)).isNotBlank());
    for (StepName step : StepName.values()) {
      assertThat(EN.get("step." + step.name())).isNotBlank();
    }
    for (StartStep.State state : StartStep.State.values()) {
      assertThat(EN.get("state." + state.name())).isNotBlank();
    }
    for (QuotaScope scope : QuotaScope.values()) {
      assertThat(EN.get("scope." + scope.name(), "x")).isNotBlank();
    }
    for (UsageReport.Dimension by : UsageReport.Dimension.values()) {
      assertThat(EN.get("by." + by.name())).isNotBlank();
    }
    for (QuotaResource resource : QuotaResource.values()) {
      assertThat(EN.get("resource." + resource.name())).isNotBlank();
    }
    for (DiagnosisView.Result result : DiagnosisView.Result.values()) {
      assertThat(EN.get("check." + result.name())).isNotBlank();
    }
    for (ShareRole role : ShareRole.values()) {
      assertThat(EN.get("role." + role.name())).isNotBlank();
    }
    for (SharingView.VisitorRole role : SharingView.VisitorRole.values()) {
      assertThat(EN.get("visitor." + role.name(), "x", "y")).isNotBlank();
    }
    for (ProblemType type : ProblemType.values()) {
      assertThat(EN.get("error." + type.name())).isNotBlank();
    }
  }

  @Test
  @DisplayName("the language is the first that the browser asks for and the portal has")
  void languages() {
    assertThat(Texts.of("de-AT,de;q=0.9,en;q=0.8").lang()).isEqualTo("de");
    assertThat(Texts.of("fr,de;q=0.3").lang()).isEqualTo("de");
    assertThat(Texts.of("fr").lang()).isEqualTo("en");
    assertThat(Texts.of("en-GB").lang()).isEqualTo("en");
    assertThat(Texts.of("").lang()).isEqualTo("en");
    assertThat(Texts.of("<script>;q=x").lang()).isEqualTo("en");
    assertThat(Texts.of("de,".repeat(1000)).lang()).isEqualTo("en");
    assertThat(EN.get("session.open")).isEqualTo("Open");
    assertThat(DE.get("session.open")).isEqualTo("Öffnen");
  }

  @Test
  @DisplayName("durations and times are written as the language does")
  void durations() {
    assertThat(EN.duration(Duration.ofSeconds(20))).isEqualTo("less than 1 min");
    assertThat(EN.duration(Duration.ofMinutes(30))).isEqualTo("30 min");
    assertThat(EN.duration(Duration.ofHours(3).minusSeconds(10))).isEqualTo("3 h");
    assertThat(EN.duration(Duration.ofMinutes(135))).isEqualTo("2 h 15 min");
    assertThat(EN.duration(Duration.ofHours(24))).isEqualTo("1 day");
    assertThat(EN.duration(Duration.ofHours(50))).isEqualTo("2 days 2 h");
    assertThat(DE.duration(Duration.ofMinutes(135))).isEqualTo("2 Std. 15 Min.");
    assertThat(DE.moment(Instant.parse("2026-01-02T03:04:05Z"))).isEqualTo("02.01.2026, 03:04 UTC");
    assertThat(EN.hours(5_399)).isEqualTo("1.4");
    assertThat(EN.hours(1_234 * 3600 + 1_800)).isEqualTo("1,234.5");
    assertThat(DE.hours(1_234 * 3600 + 1_800)).isEqualTo("1.234,5");
    assertThat(DE.month(YearMonth.of(2026, 3))).isEqualTo("März 2026");
    assertThat(EN.day(LocalDate.of(2026, 12, 1))).isEqualTo("December 1, 2026");
    assertThat(EN.quantity("4Gi")).isEqualTo("4\u00a0GiB");
    assertThat(EN.quantity("500m")).isEqualTo("500m");
  }
}
