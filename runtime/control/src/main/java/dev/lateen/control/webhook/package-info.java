/** Admission webhooks: pods get their sidecar as they are made, and rules that are wrong are refused before they are stored. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.webhook;
