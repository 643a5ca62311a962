package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.TestConsole;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import java.io.StringReader;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** The exact output of the reports. */
class ReportsTest {
  private static final Map<String, String> PARAMETERS =
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
    return new CheckOutcome(
        title.toLowerCase(Locale.ROOT),
        layer,
        title,
        Optional.of(session).filter(name -> !name.isEmpty()),
        answer);
  }

  private static CheckResult failed(KnownCause cause, String object, String observed) {
    return new CheckResult.Failed(new Finding(cause, object, observed, PARAMETERS));
  }

  private static final List<List<CheckOutcome>> PROBLEMS =
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
                  failed(
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
                  failed(
                      KnownCause.GPU_PRODUCT_LABEL,
                      "node gpu-1",
                      "nvidia.com/gpu.product is Tesla-T4"))),
          List.of(
              row(
                  Layer.DATA_PLANE,
                  "Selkies",
                  "team-a/alice",
                  failed(
                      KnownCause.SELKIES_SILENT,
                      "pod alice in team-a",
                      "GET :8080/api/health is not answered within the time that it should take"))));

  private static String text(List<List<CheckOutcome>> rows, int width, boolean color) {
    TestConsole console = new TestConsole(width, color);
    TextReport report = new TextReport(console.console());
    rows.forEach(report::printProgress);
    report.printConclusion(report(rows));
    return console.out();
  }

  private static Report report(List<List<CheckOutcome>> rows) {
    return new Report(rows.stream().flatMap(List::stream).toList());
  }

  @Test
  void printsChecksAndTheMostLikelyCauseFirst() {
    assertThat(text(PROBLEMS, 80, false))
        .isEqualTo(
            """
            Control plane
              ok      API server                    Kubernetes v1.36.3
              failed  Services                      VDI104 spec.replicas is 0
              skipped Leaders                       blocked by VDI104

            Infrastructure
              warning GPU labels                    VDI206 nvidia.com/gpu.product is Tesla-…

            Session team-a/alice
              failed  Selkies                       VDI301 GET :8080/api/health is not answ…

            Most likely cause
              VDI104    A service of the operator is scaled to zero
              Object    deployment vdi-reaper in vdi-system
              Seen      spec.replicas is 0
              Cause     Its Deployment has no replicas. Without the controller no objects
                        are created, without the admission webhook no session can be
                        applied, and without the reaper no session expires.
              Remedy    Scale the Deployment up.
                        kubectl -n vdi-system scale deployment/vdi-reaper --replicas=2
              More      docs/troubleshooting.md#vdi104

            Also found
              VDI301    Selkies does not answer in the desktop: pod alice in team-a, GET
                        :8080/api/health is not answered within the time that it should take
              VDI206    The product label of a node does not show that its GPUs are shared:
                        node gpu-1, nvidia.com/gpu.product is Tesla-T4
            """);
  }

  @Test
  void onlyTheCommandMayBeLongerThanTheTerminal() {
    for (String line : text(PROBLEMS, 80, false).lines().toList()) {
      if (!line.contains("kubectl")) {
        assertThat(line.length()).as(line).isLessThanOrEqualTo(80);
      }
    }
  }

  @Test
  void aFileGetsFullLinesWithoutColors() {
    String text = text(PROBLEMS, 0, false);
    assertThat(text)
        .contains(
            "VDI301 GET :8080/api/health is not answered within the time that it should take\n")
        .doesNotContain("\u001b");
    assertThat(text(PROBLEMS, 80, true)).contains("\u001b[31mfailed");
  }

  @Test
  void manySessionsHaveOneLinePerCheck() {
    assertThat(
            text(
                List.of(
                    of(Layer.CONTROL_PLANE, "Template", passed(), passed(), passed()),
                    of(
                        Layer.INFRASTRUCTURE,
                        "Image pulled",
                        passed(),
                        failed(
                            KnownCause.IMAGE_NOT_PULLED,
                            "pod b in team-a",
                            "ErrImagePull no such host"),
                        passed()),
                    of(
                        Layer.DATA_PLANE,
                        "Route",
                        passed(),
                        new CheckResult.Skipped("blocked by VDI231"),
                        passed())),
                80,
                false))
        .isEqualTo(
            """
            3 sessions
              ok      Template                      3 of 3
              failed  Image pulled                  VDI231 pod b in team-a: ErrImagePull no…
              ok      Route                         2 of 3

            Most likely cause
              VDI231    The desktop's image cannot be pulled
              Object    pod b in team-a
              Seen      ErrImagePull no such host
              Cause     Its name is wrong, the registry is unreachable, or pull secrets are
                        missing.
              Remedy    Correct image or imagePullSecrets in the template. The controller
                        then replaces the pod. If the image is correct, the kubelet retries.
                        kubectl edit vditemplate ubuntu
              More      docs/troubleshooting.md#vdi231
            """);
  }

  private static CheckResult passed() {
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
  void printsThatNothingWasFound() {
    assertThat(text(PROBLEMS.subList(0, 1), 80, false))
        .isEqualTo(
            """
            Control plane
              ok      API server                    Kubernetes v1.36.3

            Nothing found: 1 checks, 0 of them skipped.
            """);
  }

  @Test
  void jsonHasTheMostLikelyCauseFirst() {
    JsonObject json = JsonParser.parseString(JsonReport.of(report(PROBLEMS))).getAsJsonObject();
    assertThat(json.getAsJsonArray("checks").size()).isEqualTo(5);
    assertThat(json.getAsJsonArray("findings").get(0).toString())
        .isEqualTo(
            "{\"code\":\"VDI104\",\"severity\":\"error\",\"symptom\":\"A service of the operator is scaled"
                + " to zero\",\"object\":\"deployment vdi-reaper in"
                + " vdi-system\",\"seen\":\"spec.replicas is 0\",\"cause\":\"Its Deployment has no replicas."
                + " Without the controller no objects are created, without the admission webhook no"
                + " session can be applied, and without the reaper no session"
                + " expires.\",\"remedy\":\"Scale the Deployment up.\",\"command\":\"kubectl -n vdi-system"
                + " scale deployment/vdi-reaper"
                + " --replicas=2\",\"docs\":\"docs/troubleshooting.md#vdi104\"}");
  }

  @Test
  void junitCountsEachCheckAsATest() throws Exception {
    Document xml =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(JunitReport.of(report(PROBLEMS)))));
    assertThat(xml.getDocumentElement().getAttribute("tests")).isEqualTo("5");
    assertThat(xml.getDocumentElement().getAttribute("failures")).isEqualTo("3");
    assertThat(xml.getDocumentElement().getAttribute("skipped")).isEqualTo("1");
    assertThat(xml.getElementsByTagName("testcase").getLength()).isEqualTo(5);
    assertThat(
            xml.getElementsByTagName("failure")
                .item(0)
                .getAttributes()
                .getNamedItem("type")
                .getNodeValue())
        .isEqualTo("VDI104");
  }
}
