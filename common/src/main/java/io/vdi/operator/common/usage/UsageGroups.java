package io.vdi.operator.common.usage;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import java.util.List;
import java.util.stream.StreamSupport;

/** The recorded groups of a session's user: the annotation {@link Annotations#GROUPS}. */
public final class UsageGroups {
  /** As many as the schema of VDIUsage allows. */
  public static final int MAX = 32;

  private UsageGroups() {}

  /** The groups; empty without the annotation, and if an admin has written something else. */
  public static List<String> of(ObjectMeta session) {
    try {
      return session
          .annotation(Annotations.GROUPS)
          .map(JsonParser::parseString)
          .filter(JsonArray.class::isInstance)
          .map(list ->
              StreamSupport.stream(list.getAsJsonArray().spliterator(), false)
                  .map(JsonElement::getAsString)
                  .distinct()
                  .limit(MAX)
                  .toList())
          .orElse(List.of());
    } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
      return List.of();
    }
  }
}
