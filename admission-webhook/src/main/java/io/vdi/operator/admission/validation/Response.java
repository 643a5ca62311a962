package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import java.util.List;

/** The final answer to a request. kubectl prints the warnings of either answer. */
public sealed interface Response extends Verdict {
  /**
   * @param patch operations of RFC 6902; empty if the object stays unchanged
   */
  record Allow(JsonArray patch, List<String> warnings) implements Response {
    public static Allow unchanged(List<String> warnings) {
      return new Allow(new JsonArray(), warnings);
    }
  }

  /**
   * @param message what is wrong and what to do about it; kubectl prints it
   */
  record Deny(Reason reason, String message, List<String> warnings) implements Response {
    /** More problems than a person reads in one message; an object can have thousands. */
    private static final int MAX_PROBLEMS = 20;

    /** Denies with all problems in one message, or with the first {@value #MAX_PROBLEMS}. */
    public static Deny of(Reason reason, List<String> problems, List<String> warnings) {
      if (problems.size() == 1) {
        return new Deny(reason, problems.getFirst(), warnings);
      }
      int more = problems.size() - MAX_PROBLEMS;
      return new Deny(
          reason,
          problems.size()
              + " problems:\n- "
              + String.join("\n- ", problems.stream().limit(MAX_PROBLEMS).toList())
              + (more > 0 ? "\n- and " + more + " more" : ""),
          warnings);
    }

    /** Denies a write to a subresource that the CRDs do not have. */
    static Deny unknownSubResource(AdmissionRequest request) {
      return new Deny(
          Reason.INVALID,
          "the webhook knows no subresource "
              + ShortText.of(request.subResource())
              + " of a "
              + request.kind(),
          List.of());
    }

    /** Denies a request without a field that the API server always sends with the operation. */
    static Deny missing(String field) {
      return new Deny(Reason.INVALID, "the request has no " + field, List.of());
    }
  }

  /** Why a request is denied. */
  enum Reason {
    /** A field of the request is longer than Kubernetes allows, or contradicts another one. */
    BAD_REQUEST(400, "BadRequest"),

    /** The caller is not permitted to do this, or a quota is exhausted. */
    FORBIDDEN(403, "Forbidden"),

    /** The object breaks a rule. */
    INVALID(422, "Invalid"),

    /** The webhook cannot decide now. The client can try again. */
    SERVICE_UNAVAILABLE(503, "ServiceUnavailable");

    private final int code;
    private final String text;

    Reason(int code, String text) {
      this.code = code;
      this.text = text;
    }

    /** The HTTP status code. */
    public int code() {
      return code;
    }

    /** The reason in the Status, in the spelling of Kubernetes. */
    public String text() {
      return text;
    }
  }
}
