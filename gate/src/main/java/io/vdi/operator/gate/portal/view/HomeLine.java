package io.vdi.operator.gate.portal.view;

import java.util.List;
import java.util.Optional;

/**
 * A home.
 *
 * @param id for elements of the page
 * @param path below which it is deleted
 * @param session the page of the session that uses it; empty if it is retained
 * @param owner the e-mail of the owner; empty if it is the reader
 * @param lines size, and since when and until when it is kept
 * @param template with which a new session gets this home; empty if there is none that the reader
 *     can use
 */
public record HomeLine(
    String id,
    String path,
    String name,
    Optional<String> session,
    Optional<String> owner,
    List<String> lines,
    Optional<String> template) {
  public HomeLine {
    lines = List.copyOf(lines);
  }
}
