package io.vdi.operator.gate.portal.view;

import java.util.Optional;

/**
 * A desktop that somebody shares with the reader.
 *
 * @param id for elements of the page; unique among the sessions
 * @param title of the template
 * @param owner the e-mail of the owner
 * @param role in words
 * @param until in words
 * @param open the address of the desktop, while it runs
 */
public record SharedCard(
    String id,
    String name,
    String title,
    Icon icon,
    String owner,
    String role,
    String until,
    Optional<String> open) {}
