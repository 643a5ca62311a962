package io.vdi.operator.common.usage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageGroupsTest {
  @Test
  void theGroupsAreThoseOfTheListInItsOrder() {
    assertThat(groups("[\"physics\", \"course-1\", \"physics\", \"\u00FCbung, a\"]"))
        .containsExactly("physics", "course-1", "\u00FCbung, a");
    assertThat(groups("[]")).isEmpty();
    assertThat(UsageGroups.of(ObjectMeta.EMPTY)).isEmpty();
  }

  /** The schema of VDIUsage refuses more, and the interval would not be recorded. */
  @Test
  void groupsBeyond32AreLeftOut() {
    JsonArray many = new JsonArray();
    IntStream.range(0, 100).forEach(i -> many.add("g" + i / 2));
    assertThat(groups(many.toString())).hasSize(32).startsWith("g0", "g1").endsWith("g31");
  }

  /** Admins can write the annotation. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "physics",
        "\"physics\"",
        "{\"physics\": true}",
        "[\"physics\"",
        "[\"physics\"]]",
        "[\"physics\", null]",
        "[\"physics\", {}]",
        "[\"physics\", []]",
        "[\"physics\", [\"a\", \"b\"]]"
      })
  void whatIsNoListOfNamesIsNoGroup(String value) {
    assertThat(groups(value)).as(value).isEmpty();
  }

  @Test
  void deepListsAreNoGroupEither() {
    assertThat(groups("[".repeat(2000) + "]".repeat(2000))).isEmpty();
  }

  private static List<String> groups(String value) {
    return UsageGroups.of(
        new ObjectMeta(
            null,
            null,
            null,
            null,
            0,
            null,
            null,
            null,
            Map.of(Annotations.GROUPS, value),
            null,
            null,
            0));
  }
}
