package io.vdi.operator.gate.portal.view;

/**
 * A notice on the first page.
 *
 * @param path of the page of its session
 * @param text in the reader's language
 * @param detail what the operator reports; empty if there is none
 * @param at the time that it is about, in ISO 8601
 * @param moment the same for people
 */
public record NoticeLine(String path, String text, Message detail, String at, String moment) {}
