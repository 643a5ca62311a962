package io.vdi.operator.gate.portal.view;

import java.util.List;
import java.util.Optional;

/**
 * A template that can be started.
 *
 * @param id for elements of the page
 * @param name that the form sends
 * @param lines what a session gets, such as {@code 1 GPU}
 * @param left what the quotas leave
 * @param obstacle why it cannot start now
 * @param waits whether it can be started in spite of the obstacle
 */
public record TemplateView(
    String id,
    String name,
    String title,
    String description,
    Icon icon,
    List<String> lines,
    String left,
    Optional<Message> obstacle,
    boolean waits) {
  public TemplateView {
    lines = List.copyOf(lines);
  }

  public boolean canStart() {
    return obstacle.isEmpty() || waits;
  }
}
