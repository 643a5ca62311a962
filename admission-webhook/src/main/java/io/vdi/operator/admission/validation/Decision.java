package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import io.vdi.operator.common.quota.QuotaRequest;
import java.util.List;
import java.util.Optional;

/** The answer to a request. Warnings are shown by kubectl whatever the answer is. */
public sealed interface Decision {
  List<String> warnings();

  /**
   * @param patch operations of RFC 6902; empty where nothing is to be changed
   */
  record Allow(JsonArray patch, List<String> warnings) implements Decision {
    public static Allow unchanged(List<String> warnings) {
      return new Allow(new JsonArray(), warnings);
    }
  }

  /**
   * Allowed if the quotas have room for it, which only a look at everybody else can tell.
   *
   * @param id stamped on the session by the mutating webhook; empty where it was not asked
   */
  record QuotaCheckRequired(Optional<String> id, QuotaRequest asked, List<String> warnings)
      implements Decision {}

  /**
   * @param code of HTTP: 422 for what breaks a rule, 403 for what this caller or now may not be
   */
  record Deny(int code, String message, List<String> warnings) implements Decision {}
}
