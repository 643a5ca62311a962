package io.vdi.operator.gate.portal.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaViolation;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.StartStep;
import io.vdi.operator.gate.http.Templates;
import io.vdi.operator.gate.portal.InMemoryDesktops;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ResourceBundle;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The German pages have no English text of the catalogue. */
class CatalogueTest {
  private static final Instant NOW = Instant.parse("2026-01-02T08:00:00Z");
  private static final Texts GERMAN = Texts.of("de");
  private static final Views VIEWS = new Views(GERMAN, NOW);
  private static final Shell SHELL =
      new Shell(GERMAN, "x", "/", Optional.of("alice@example.com"), false, Optional.empty());
  private static final SessionView SESSION =
      InMemoryDesktops.session("desks", "alice", "alice@example.com", true, NOW);
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\d)");
  private static final QuotaViolation GPUS =
      new QuotaViolation(QuotaScope.USER, "alice@example.com", QuotaResource.GPUS, 2, 1, 2);

  /** The keys that the German bundle must have, with the number of their placeholders. */
  private static Map<String, Integer> keys() {
    Map<String, Integer> keys = new TreeMap<>();
    for (KnownCause cause : KnownCause.values()) {
      for (String part : List.of("symptom", "cause", "remedy")) {
        keys.put(cause.code() + "." + part, 0);
      }
    }
    for (StatusMessage message : StatusMessage.values()) {
      keys.put(Catalogue.STATUS + message.name(), message.size());
    }
    for (GateMessage message : GateMessage.values()) {
      keys.put(Catalogue.GATE + message.name(), message.size());
    }
    keys.put(Catalogue.OTHER, 0);
    keys.put(Catalogue.QUOTA, 5);
    return keys;
  }

  @Test
  @DisplayName("every text of the catalogue has a translation, and there is no other one")
  void complete() {
    ResourceBundle german = Texts.bundle(Texts.CATALOGUE, Locale.GERMAN);
    Set<String> present = new TreeSet<>(german.keySet());
    // SessionViewsTest compares them with the checks.
    present.removeIf(key -> key.startsWith(Catalogue.CHECK));
    assertThat(present).isEqualTo(keys().keySet());
    keys()
        .forEach((key, size) -> {
          String text = german.getString(key);
          assertThat(text).as(key).isNotBlank().doesNotContain("'");
          Set<Integer> placeholders = new TreeSet<>();
          Matcher found = PLACEHOLDER.matcher(text);
          while (found.find()) {
            placeholders.add(Integer.valueOf(found.group(1)));
          }
          assertThat(placeholders)
              .as(key)
              .isEqualTo(new TreeSet<>(IntStream.range(0, size).boxed().toList()));
        });
  }

  @Test
  @DisplayName("the translations are not the English texts")
  void translated() {
    for (KnownCause cause : KnownCause.values()) {
      SessionDetails.Remedy german =
          new Catalogue(GERMAN).remedy(CauseView.of(cause, Map.of("session", "s")));
      assertThat(german.symptom()).isNotEqualTo(cause.symptom());
      assertThat(german.cause()).isNotEqualTo(cause.cause());
      assertThat(german.remedy()).isNotEqualTo(cause.remedy());
      assertThat(german.command()).isEqualTo(cause.command(Map.of("session", "s")));
    }
  }

  /** Every English message, with values. */
  private static Stream<String> messages() {
    return Stream.of(
            Arrays.stream(StatusMessage.values()).map(m -> m.text(values(m.size()))),
            Arrays.stream(GateMessage.values()).map(m -> m.text(values(m.size()))),
            Stream.of(
                GPUS.message(),
                GPUS.message() + "; " + StatusMessage.QUEUE_POSITION.text(3),
                StatusMessage.DRAIN_STAYS.text("n1", StatusMessage.DRAIN_NOWHERE.text()),
                StatusMessage.CANNOT_SUSPEND.text(StatusMessage.NODE_NOT_READY.text("n1", NOW))))
        .flatMap(all -> all);
  }

  private static Object[] values(int size) {
    return IntStream.range(0, size).mapToObj(i -> "value-" + i).toArray();
  }

  /** What a German page must not contain. */
  private static Set<String> english() {
    Set<String> english = new HashSet<>(messages().toList());
    for (KnownCause cause : KnownCause.values()) {
      english.addAll(List.of(cause.symptom(), cause.cause(), cause.remedy()));
    }
    return english;
  }

  private static void assertGerman(String html) {
    Document page = Jsoup.parse(html);
    String text = page.text();
    assertThat(english()).allSatisfy(english -> assertThat(text).doesNotContain(english));
    assertThat(page.select("main [lang=en]")).isEmpty();
  }

  private static String render(String page, Map<String, Object> values) {
    Map<String, Object> all = new TreeMap<>(values);
    all.put("shell", SHELL);
    return Templates.render("pages/" + page + ".jte", all);
  }

  private static List<StartStep> steps(String message, Optional<CauseView> cause) {
    return InMemoryDesktops.steps(1).stream()
        .map(step -> new StartStep(step.name(), StartStep.State.ACTIVE, message, cause))
        .toList();
  }

  @Test
  @DisplayName("the pages of a session are German in every phase, for every cause and message")
  void sessions() {
    for (Phase phase : Phase.values()) {
      for (KnownCause known : KnownCause.values()) {
        Optional<CauseView> cause = Optional.of(CauseView.of(known, Map.of()));
        assertGerman(page(InMemoryDesktops.with(SESSION, phase, "", cause, steps("", cause))));
      }
      messages()
          .forEach(message ->
              assertGerman(
                  page(
                      InMemoryDesktops.with(
                          SESSION,
                          phase,
                          message,
                          Optional.empty(),
                          steps(message, Optional.empty())))));
    }
  }

  /** The list, the page of the session with its events, and the page that waits for it. */
  private static String page(SessionView session) {
    Optional<String> none = Optional.empty();
    SessionDetails details = VIEWS.details(session);
    return render(
            "home",
            Map.of(
                "notice", none,
                "problems", List.of(),
                "notices", List.of(VIEWS.notice(notice(session.message()))),
                "sessions", List.of(details.card()),
                "shared", List.of(),
                "templates", List.of()))
        + render("session", Map.of("notice", none, "session", details))
        + render(
            "open",
            Map.of(
                "notice", none, "session", details, "from", "home", "path", "/", "resumes", true));
  }

  private static Notice notice(String reason) {
    return new Notice(
        "id",
        Notice.Kind.NODE_DRAINING,
        reason,
        new SessionKey("desks", "alice"),
        "uid",
        "alice@example.com",
        "ubuntu",
        "",
        NOW,
        NOW);
  }

  @Test
  @DisplayName("the page of a diagnosis is German, whatever is found")
  void diagnoses() {
    List<CheckLine> causes =
        Arrays.stream(KnownCause.values())
            .map(cause -> check("", Optional.of(CauseView.of(cause, Map.of()))))
            .toList();
    assertGerman(diagnosis(causes));
    assertGerman(diagnosis(messages().map(message -> check(message, Optional.empty())).toList()));
  }

  private static CheckLine check(String observed, Optional<CauseView> cause) {
    return VIEWS.check(
        new DiagnosisView.Check(
            "placed",
            Layer.INFRASTRUCTURE,
            "Pod scheduled",
            cause.isPresent() ? DiagnosisView.Result.FAILED : DiagnosisView.Result.PASSED,
            observed,
            cause));
  }

  private static String diagnosis(List<CheckLine> checks) {
    return render("diagnosis", Map.of("session", "/sessions/a/b", "at", "", "checks", checks));
  }

  @Test
  @DisplayName("problems, obstacles and error pages are German")
  void errors() {
    messages()
        .forEach(message -> {
          assertGerman(
              render(
                  "error",
                  Map.of("message", VIEWS.message(message), "back", "/", "backText", "x")));
          assertGerman(
              render(
                  "home",
                  Map.of(
                      "notice",
                      Optional.empty(),
                      "problems",
                      List.of(VIEWS.message(message)),
                      "notices",
                      List.of(),
                      "sessions",
                      List.of(),
                      "shared",
                      List.of(),
                      "templates",
                      List.of(
                          VIEWS.template(
                              InMemoryDesktops.template(
                                  "t", "T", "", Optional.empty(), Optional.of(message)))))));
        });
  }

  @Test
  @DisplayName("the place in the queue, quotas, nodes and times are in the words of the reader")
  void words() {
    String waits = GPUS.message() + "; " + StatusMessage.QUEUE_POSITION.text(3);
    assertThat(VIEWS.message(waits))
        .isEqualTo(
            new Message(
                "Kontingent überschritten: GPUs, alice@example.com: belegt 2, angefordert 1, Grenze"
                    + " 2; Platz 3 in der Warteschlange",
                ""));
    assertThat(
            VIEWS
                .message(
                    new QuotaViolation(
                            QuotaScope.CLUSTER, "", QuotaResource.STORAGE, 0, 1L << 30, 1L << 29)
                        .message())
                .text())
        .isEqualTo(
            "Kontingent überschritten: Ablagen, Alle zusammen: belegt 0, angefordert 1\u00a0GiB,"
                + " Grenze 512\u00a0MiB");
    assertThat(VIEWS.message(StatusMessage.NODE_NOT_READY.text("n1", NOW)).text())
        .isEqualTo("Knoten n1 ist seit 02.01.2026, 08:00 UTC nicht bereit");
    assertThat(new Views(Texts.of("en"), NOW).message(waits)).isEqualTo(new Message(waits, ""));
  }

  @Test
  @DisplayName("a message of Kubernetes stays beside what is known of it")
  void unknown() {
    String words = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.";
    Optional<CauseView> cause = Optional.of(CauseView.of(KnownCause.GPU_EXHAUSTED, Map.of()));
    Catalogue catalogue = new Catalogue(GERMAN);
    assertThat(catalogue.message(words, cause)).isEqualTo(new Message("Keine GPU ist frei", words));
    assertThat(catalogue.message(words)).isEqualTo(new Message("Der Cluster meldet:", words));
    assertThat(catalogue.observed(words)).isEqualTo(new Message("", words));
    String refusal = GPUS.message() + "; ask for less";
    assertThat(catalogue.message(refusal).text()).startsWith("Kontingent überschritten: GPUs");
    assertThat(catalogue.message(refusal).original()).isEqualTo(refusal);
    Document page =
        Jsoup.parse(
            page(InMemoryDesktops.with(SESSION, Phase.PENDING, words, cause, steps(words, cause))));
    assertThat(page.select("[lang=en]").eachText()).isNotEmpty().containsOnly(words);
  }
}
