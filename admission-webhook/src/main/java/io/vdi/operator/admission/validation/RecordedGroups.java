package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import io.vdi.operator.common.model.MetadataKeys;
import io.vdi.operator.common.usage.UsageGroups;
import java.util.List;
import java.util.Optional;

/**
 * The groups that the use of desktops is summed by; docs/specification.md, section 9. A person can
 * have hundreds, so only those that an admin names are recorded.
 *
 * @param patterns names of groups; one that ends with {@code *} is a prefix
 */
public record RecordedGroups(List<String> patterns) {
  /** No group is recorded. */
  public static final RecordedGroups NONE = new RecordedGroups(List.of());

  public RecordedGroups {
    patterns = List.copyOf(patterns);
  }

  /**
   * The value of the annotation {@code vdi.kasm.io/groups}, a JSON list in alphabetical order;
   * empty if none of the groups is recorded. Groups beyond 32, or beyond the length of an
   * annotation, are left out.
   */
  Optional<String> of(List<String> groups) {
    JsonArray recorded = new JsonArray();
    groups.stream()
        .filter(this::isRecorded)
        .distinct()
        .sorted()
        .limit(UsageGroups.MAX)
        .forEach(group -> {
          recorded.add(group);
          if (recorded.toString().length() > MetadataKeys.MAX_VALUE) {
            recorded.remove(recorded.size() - 1);
          }
        });
    return recorded.isEmpty() ? Optional.empty() : Optional.of(recorded.toString());
  }

  private boolean isRecorded(String group) {
    return patterns.stream()
        .anyMatch(pattern ->
            pattern.endsWith("*")
                ? group.startsWith(pattern.substring(0, pattern.length() - 1))
                : group.equals(pattern));
  }
}
