package io.vdi.operator.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** References between the code and the documentation, and inside the documentation. */
class DocsTest {
  private static final Path SPECIFICATION = Checkout.ROOT.resolve("docs/specification.md");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^()\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("^#+ +(.*)$");
  private static final Pattern CODE_FENCE = Pattern.compile("(?ms)^ *```.*?^ *```");
  private static final Pattern PAGE = Pattern.compile("\\bdocs/[\\w./-]+\\.md\\b");
  private static final Pattern SECTION =
      Pattern.compile("docs/specification\\.md,? sections? (\\d+)(?: and (\\d+))?");

  /** The former name of docs/specification.md, in two parts so that this file may exist. */
  private static final String FORMER_NAME = "spec" + ".md";

  @Test
  @DisplayName("every relative link in Markdown leads to a file, and its anchor to a heading")
  void links() {
    List<String> broken = new ArrayList<>();
    for (Path page : markdown()) {
      String text = CODE_FENCE.matcher(Checkout.read(page)).replaceAll("");
      LINK.matcher(text)
          .results()
          .map(link -> link.group(1))
          .filter(link -> !link.matches("[a-z]+:.*"))
          .filter(link -> !resolves(page, link))
          .forEach(link -> broken.add(Checkout.ROOT.relativize(page) + ": " + link));
    }
    assertEquals(List.of(), broken);
  }

  @Test
  @DisplayName("every page and section that Java code mentions exists")
  void mentions() {
    Set<String> sections = new HashSet<>();
    headings(SPECIFICATION).stream()
        .map(Pattern.compile("(\\d+)\\..*")::matcher)
        .filter(Matcher::matches)
        .forEach(heading -> sections.add(heading.group(1)));
    List<String> broken = new ArrayList<>();
    for (Path file : Checkout.files(Checkout.ROOT, ".java")) {
      // A comment may break the line inside of a reference.
      String text = Checkout.read(file).replaceAll("\\n\\s*(?:\\*|//)?\\s*", " ");
      PAGE.matcher(text)
          .results()
          .map(MatchResult::group)
          .filter(page -> !Files.exists(Checkout.ROOT.resolve(page)))
          .forEach(page -> broken.add(Checkout.ROOT.relativize(file) + ": " + page));
      SECTION
          .matcher(text)
          .results()
          .flatMap(mention -> Stream.of(1, 2).map(mention::group).filter(number -> number != null))
          .filter(number -> !sections.contains(number))
          .forEach(number -> broken.add(Checkout.ROOT.relativize(file) + ": no section " + number));
    }
    assertEquals(List.of(), broken);
  }

  @Test
  @DisplayName("the specification is called by its full name, docs/specification.md")
  void formerName() {
    assertEquals(
        List.of(),
        Checkout.files(Checkout.ROOT, ".java").stream()
            .filter(file -> Checkout.read(file).contains(FORMER_NAME))
            .map(Checkout.ROOT::relativize)
            .map(Path::toString)
            .toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"controller", "admission-webhook", "reaper", "gate"})
  @DisplayName("docs/configuration.md lists exactly the settings of each service")
  void settings(String service) {
    String page = Checkout.read(Checkout.ROOT.resolve("docs/configuration.md"));
    String start = "<!-- settings:" + service + " -->";
    String end = "<!-- /settings:" + service + " -->";
    String table = page.substring(page.indexOf(start) + start.length(), page.indexOf(end));
    Set<String> documented = new TreeSet<>();
    Pattern.compile("(?m)^\\| `([^`]+)`")
        .matcher(table)
        .results()
        .forEach(row -> documented.add(row.group(1)));
    Map<String, Object> defaults =
        new Yaml()
            .<Map<String, Object>>load(
                Checkout.read(
                    Checkout.ROOT.resolve(service + "/src/main/resources/application.yaml")));
    Set<String> settings = new TreeSet<>();
    addLeaves("", defaults, settings);
    assertEquals(String.join("\n", settings), String.join("\n", documented));
  }

  /** An empty map is a leaf: its keys are up to the user. */
  private static void addLeaves(String prefix, Map<?, ?> map, Set<String> leaves) {
    map.forEach((key, value) -> {
      if (value instanceof Map<?, ?> inner && !inner.isEmpty()) {
        addLeaves(prefix + key + ".", inner, leaves);
      } else {
        leaves.add(prefix + key);
      }
    });
  }

  private static boolean resolves(Path page, String link) {
    int hash = link.indexOf('#');
    String file = hash < 0 ? link : link.substring(0, hash);
    Path target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
    return Files.exists(target) && (hash < 0 || anchors(target).contains(link.substring(hash + 1)));
  }

  /** The anchors that GitHub gives the headings of a page. */
  private static Set<String> anchors(Path page) {
    Set<String> anchors = new HashSet<>();
    Map<String, Integer> uses = new HashMap<>();
    for (String heading : headings(page)) {
      String anchor =
          heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-');
      int before = uses.merge(anchor, 1, Integer::sum) - 1;
      anchors.add(before == 0 ? anchor : anchor + "-" + before);
    }
    return anchors;
  }

  private static List<String> headings(Path page) {
    return CODE_FENCE
        .matcher(Checkout.read(page))
        .replaceAll("")
        .lines()
        .map(HEADING::matcher)
        .filter(Matcher::matches)
        .map(heading -> heading.group(1).strip())
        .toList();
  }

  private static List<Path> markdown() {
    return Stream.concat(
            Stream.of("README.md", "CONTRIBUTING.md", "SECURITY.md").map(Checkout.ROOT::resolve),
            Checkout.files(Checkout.ROOT.resolve("docs"), ".md").stream())
        .toList();
  }
}
