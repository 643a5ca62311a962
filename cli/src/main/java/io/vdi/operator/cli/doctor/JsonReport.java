package io.vdi.operator.cli.doctor;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.output.Format;
import java.util.Locale;

/** The report as JSON: every check, and the findings, the most likely cause first. */
public final class JsonReport {
  private JsonReport() {}

  public static String of(Report report) {
    JsonArray checks = new JsonArray();
    report.rows().forEach(row -> checks.add(of(row)));
    JsonArray findings = new JsonArray();
    report.findings().forEach(finding -> findings.add(of(finding)));
    JsonObject all = new JsonObject();
    all.add("findings", findings);
    all.add("checks", checks);
    return Format.JSON.of(all);
  }

  private static JsonObject of(CheckOutcome row) {
    JsonObject check = new JsonObject();
    check.addProperty("check", row.check());
    check.addProperty("layer", row.layer().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    row.session().ifPresent(session -> check.addProperty("session", session));
    switch (row.answer()) {
      case CheckResult.Passed(String observed) -> {
        check.addProperty("state", "ok");
        check.addProperty("seen", observed);
      }
      case CheckResult.Skipped(String reason, _) -> {
        check.addProperty("state", "skipped");
        check.addProperty("why", reason);
      }
      case CheckResult.Failed(Finding finding) -> {
        check.addProperty("state", finding.cause().isWarning() ? "warning" : "failed");
        check.addProperty("code", finding.cause().code());
        check.addProperty("seen", finding.observed());
      }
    }
    return check;
  }

  private static JsonObject of(Finding finding) {
    JsonObject object = new JsonObject();
    object.addProperty("code", finding.cause().code());
    object.addProperty("severity", finding.cause().isWarning() ? "warning" : "error");
    object.addProperty("symptom", finding.cause().symptom());
    object.addProperty("object", finding.object());
    object.addProperty("seen", finding.observed());
    object.addProperty("cause", finding.cause().cause());
    object.addProperty("remedy", finding.cause().remedy());
    object.addProperty("command", finding.command());
    object.addProperty("docs", finding.cause().link());
    return object;
  }
}
