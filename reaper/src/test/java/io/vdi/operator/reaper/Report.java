package io.vdi.operator.reaper;

import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.testing.RunningService;
import java.time.Instant;

/** The reaper's page {@code /report} at one moment. */
record Report(JsonObject json) {
  static Report of(RunningService reaper) {
    return new Report(reaper.json("/report"));
  }

  /** How many entries of this sort it has, such as {@code overdue}. */
  int count(String sort) {
    return json.getAsJsonObject("counts").get(sort).getAsInt();
  }

  boolean contains(String text) {
    return json.toString().contains(text);
  }

  Instant lastSweep() {
    return Instant.parse(json.get("lastSweep").getAsString());
  }
}
