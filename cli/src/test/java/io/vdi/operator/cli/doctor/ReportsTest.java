package io.vdi.operator.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.TestConsole;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import java.io.StringReader;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** What is printed, to the letter, at 80 columns. */
class ReportsTest {
  private static final Map<String, String> WORDS =
      Map.of(
          "session",
          "alice",
          "namespace",
          "team-a",
          "template",
          "ubuntu",
          "operator",
          "vdi-system",
          "name",
          "vdi-reaper");

  private static CheckOutcome row(Layer layer, String title, String session, CheckResult answer) {
    return new CheckOutcome(title.toLowerCase(Locale.ROOT), layer, title, session, answer);
  }

  private static CheckResult found(KnownCause cause, String object, String seen) {
    return new CheckResult.Failed(new Finding(cause, object, seen, WORDS));
  }

  private static final List<List<CheckOutcome>> AILING =
      List.of(
          List.of(
              row(
                  Layer.CONTROL_PLANE,
                  "API server",
                  "",
                  new CheckResult.Passed("Kubernetes v1.36.3"))),
          List.of(
              row(
                  Layer.CONTROL_PLANE,
                  "Services",
                  "",
                  found(
                      KnownCause.SERVICE_STOPPED,
                      "deployment vdi-reaper in vdi-system",
                      "spec.replicas is 0"))),
          List.of(
              row(
                  Layer.CONTROL_PLANE,
                  "Leaders",
                  "",
                  new CheckResult.Skipped("blocked by VDI104"))),
          List.of(
              row(
                  Layer.INFRASTRUCTURE,
                  "GPU labels",
                  "",
                  found(
                      KnownCause.GPU_PRODUCT_LABEL,
                      "node gpu-1",
                      "nvidia.com/gpu.product is Tesla-T4"))),
          List.of(
              row(
                  Layer.DATA_PLANE,
                  "Selkies answers",
                  "team-a/alice",
                  found(
                      KnownCause.SELKIES_SILENT,
                      "pod alice in team-a",
                      "GET :8080/api/health is not answered within the time that it should take"))));

  private static String text(List<List<CheckOutcome>> rows, int width, boolean colour) {
    TestConsole screen = new TestConsole(width, colour);
    TextReport report = new TextReport(screen.console());
    rows.forEach(report::printProgress);
    report.printConclusion(report(rows));
    return screen.out();
  }

  private static Report report(List<List<CheckOutcome>> rows) {
    return new Report(rows.stream().flatMap(List::stream).toList());
  }

  @Test
  void anAilingSessionAtEightyColumns() {
    assertEquals(
        """
        Control plane
          ok      API server                    Kubernetes v1.36.3
          failed  Services                      VDI104 spec.replicas is 0
          skipped Leaders                       blocked by VDI104

        Infrastructure
          warning GPU labels                    VDI206 nvidia.com/gpu.product is Tesla-…

        Session team-a/alice
          failed  Selkies answers               VDI301 GET :8080/api/health is not answ…

        Most likely cause
          VDI104    A service of the operator is scaled to nothing
          Object    deployment vdi-reaper in vdi-system
          Seen      spec.replicas is 0
          Cause     Its Deployment asks for no pods: without the controller nothing is
                    made, without the webhook no session can be applied, without the
                    reaper none ends.
          Remedy    Give it its pods back.
                    kubectl -n vdi-system scale deployment/vdi-reaper --replicas=2
          More      docs/troubleshooting.md#vdi104

        Also found
          VDI301    Selkies does not answer in the desktop: pod alice in team-a, GET
                    :8080/api/health is not answered within the time that it should take
          VDI206    A node with shared GPUs does not say so in its product label: node
                    gpu-1, nvidia.com/gpu.product is Tesla-T4
        """,
        text(AILING, 80, false));
  }

  @Test
  void noLineIsLongerThanTheTerminalButTheCommand() {
    for (String line : text(AILING, 80, false).lines().toList()) {
      assertTrue(line.length() <= 80 || line.contains("kubectl"), line);
    }
  }

  @Test
  void inAFileNothingIsCutAndNothingColoured() {
    String text = text(AILING, 0, false);
    assertTrue(
        text.contains(
            "VDI301 GET :8080/api/health is not answered within the time that it should take\n"));
    assertFalse(text.contains("\u001b"));
    assertTrue(text(AILING, 80, true).contains("\u001b[31mfailed"));
  }

  @Test
  void manySessionsAreOneLineForEachCheck() {
    assertEquals(
        """
        3 sessions
          ok      Template                      3 of 3
          failed  Image pulled                  VDI231 pod b in team-a: ErrImagePull no…
          ok      Route                         2 of 3

        Most likely cause
          VDI231    The desktop's image cannot be pulled
          Object    pod b in team-a
          Seen      ErrImagePull no such host
          Cause     Its name is wrong, the registry is not reached, or pull secrets are
                    missing.
          Remedy    Correct image or imagePullSecrets of the template; a correct image
                    is tried again by itself.
                    kubectl edit vditemplate ubuntu
          More      docs/troubleshooting.md#vdi231
        """,
        text(
            List.of(
                of(Layer.CONTROL_PLANE, "Template", fine(), fine(), fine()),
                of(
                    Layer.INFRASTRUCTURE,
                    "Image pulled",
                    fine(),
                    found(
                        KnownCause.IMAGE_NOT_PULLED,
                        "pod b in team-a",
                        "ErrImagePull no such host"),
                    fine()),
                of(
                    Layer.DATA_PLANE,
                    "Route",
                    fine(),
                    new CheckResult.Skipped("blocked by VDI231"),
                    fine())),
            80,
            false));
  }

  private static CheckResult fine() {
    return new CheckResult.Passed("fine");
  }

  private static List<CheckOutcome> of(
      Layer layer, String title, CheckResult first, CheckResult second, CheckResult third) {
    return List.of(
        row(layer, title, "team-a/a", first),
        row(layer, title, "team-a/b", second),
        row(layer, title, "team-a/c", third));
  }

  @Test
  void whereNothingIsFoundThatIsSaid() {
    assertEquals(
        """
        Control plane
          ok      API server                    Kubernetes v1.36.3

        Nothing found: 1 checks, 0 of them skipped.
        """,
        text(AILING.subList(0, 1), 80, false));
  }

  @Test
  void jsonHasTheMostLikelyCauseFirst() {
    JsonObject json = JsonParser.parseString(JsonReport.of(report(AILING))).getAsJsonObject();
    assertEquals(5, json.getAsJsonArray("checks").size());
    assertEquals(
        "{\"code\":\"VDI104\",\"severity\":\"error\",\"symptom\":\"A service of the operator is scaled"
            + " to nothing\",\"object\":\"deployment vdi-reaper in"
            + " vdi-system\",\"seen\":\"spec.replicas is 0\",\"cause\":\"Its Deployment asks for no"
            + " pods: without the controller nothing is made, without the webhook no session can be"
            + " applied, without the reaper none ends.\",\"remedy\":\"Give it its pods"
            + " back.\",\"command\":\"kubectl -n vdi-system scale deployment/vdi-reaper"
            + " --replicas=2\",\"docs\":\"docs/troubleshooting.md#vdi104\"}",
        json.getAsJsonArray("findings").get(0).toString());
  }

  @Test
  void junitCountsEachCheckAsATest() throws Exception {
    Document xml =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(JunitReport.of(report(AILING)))));
    assertEquals("5", xml.getDocumentElement().getAttribute("tests"));
    assertEquals("3", xml.getDocumentElement().getAttribute("failures"));
    assertEquals("1", xml.getDocumentElement().getAttribute("skipped"));
    assertEquals(5, xml.getElementsByTagName("testcase").getLength());
    assertEquals(
        "VDI104",
        xml.getElementsByTagName("failure")
            .item(0)
            .getAttributes()
            .getNamedItem("type")
            .getNodeValue());
  }
}
