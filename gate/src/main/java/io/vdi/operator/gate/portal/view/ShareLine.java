package io.vdi.operator.gate.portal.view;

/**
 * A guest of a desktop.
 *
 * @param user of the share
 * @param name the e-mail of the guest, or that it is a link
 * @param role in words
 * @param until in words
 */
public record ShareLine(String user, String name, String role, String until) {}
