package io.vdi.operator.gate.portal.view;

/**
 * A guest of a desktop.
 *
 * @param user the e-mail of the guest
 * @param role in words
 * @param until in words
 */
public record ShareLine(String user, String role, String until) {}
