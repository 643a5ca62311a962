package io.vdi.operator.gate.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.SessionKey;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class VisitorTest {
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

  private static Visitor visitor(Role role) {
    return new Visitor(
        new SessionKey("desks", "alice"), "uid", "bob@example.com", role, NOW, NOW.plusSeconds(60));
  }

  @Test
  @DisplayName("what the ConfigMap has is read again; rubbish is nobody")
  void text() {
    for (Role role : Role.values()) {
      assertThat(Visitor.parse(visitor(role).text())).contains(visitor(role));
    }
    for (String rubbish : List.of("", "x", "[]", "{}", "1", "{\"role\": \"VIEW\"}", "null")) {
      assertThat(Visitor.parse(rubbish)).as(rubbish).isEmpty();
    }
    assertThat(Visitor.parse(visitor(Role.VIEW).text().replace("VIEW", "ROOT"))).isEmpty();
    assertThat(Visitor.parse(visitor(Role.VIEW).text().replace(NOW.toString(), "soon"))).isEmpty();
  }

  @Test
  @DisplayName("a visitor has left when no page can be the visitor's, but not before it could be")
  void left() {
    Disconnector.Pages onlyOwner = new Disconnector.Pages(1, 0);
    Disconnector.Pages onlyViewer = new Disconnector.Pages(0, 1);
    Instant later = NOW.plusSeconds(31);
    for (Role watching : List.of(Role.VIEW, Role.WATCH)) {
      assertThat(visitor(watching).hasLeft(onlyOwner, later)).isTrue();
      assertThat(visitor(watching).hasLeft(onlyOwner, NOW.plusSeconds(30))).isFalse();
      assertThat(visitor(watching).hasLeft(onlyViewer, later)).isFalse();
    }
    for (Role using : List.of(Role.CONTROL, Role.ADMIN)) {
      assertThat(visitor(using).hasLeft(onlyOwner, later)).isFalse();
      assertThat(visitor(using).hasLeft(onlyViewer, later)).isTrue();
    }
  }
}
