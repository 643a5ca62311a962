package io.vdi.operator.gate.api.rest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An operation of the API.
 *
 * @param method such as {@code GET}
 * @param path below {@code /api/v1}, as the document has it: {@code /sessions/{namespace}/{name}}
 */
public record ApiOperation(String method, String path) {
  List<String> segments() {
    return List.of(path.substring(1).split("/", -1));
  }

  /** The values of the parameters if a path matches, in their order; empty if it does not. */
  Optional<List<String>> match(List<String> actual) {
    List<String> expected = segments();
    if (expected.size() != actual.size()) {
      return Optional.empty();
    }
    List<String> values = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      if (expected.get(i).startsWith("{")) {
        values.add(actual.get(i));
      } else if (!expected.get(i).equals(actual.get(i))) {
        return Optional.empty();
      }
    }
    return Optional.of(List.copyOf(values));
  }

  @Override
  public String toString() {
    return method + " " + path;
  }
}
