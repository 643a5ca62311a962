package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;

/** Applies the operations of RFC 6902 that the webhook uses, as strictly as an API server does. */
final class Patches {
  private Patches() {}

  static void apply(JsonObject object, JsonArray patch) {
    for (JsonElement each : patch) {
      JsonObject operation = each.getAsJsonObject();
      List<String> path =
          List.of(operation.get("path").getAsString().substring(1).split("/", -1)).stream()
              .map(step -> step.replace("~1", "/").replace("~0", "~"))
              .toList();
      JsonElement here = object;
      for (String step : path.subList(0, path.size() - 1)) {
        here =
            here instanceof JsonArray list
                ? list.get(Integer.parseInt(step))
                : here.getAsJsonObject().get(step);
      }
      JsonObject parent = here.getAsJsonObject();
      switch (operation.get("op").getAsString()) {
        case "add" -> parent.add(path.getLast(), operation.get("value").deepCopy());
        case "remove" -> {
          if (parent.remove(path.getLast()) == null) {
            throw new IllegalStateException("nothing at " + path);
          }
        }
        default -> throw new IllegalStateException("unknown operation");
      }
    }
  }
}
