package dev.lateen.cluster.api;

import java.util.List;

/**
 * Who makes a change.
 *
 * @param user for admission webhooks
 * @param dryRun whether the change is only tried
 * @param warnings takes what webhooks want the client to be told
 */
record Caller(Tokens.Subject user, boolean dryRun, List<String> warnings) {
    /** The server itself, whose changes pass no webhook. */
    static final Caller SERVER = new Caller(
            new Tokens.Subject("system:apiserver", "", List.of("system:masters"), List.of(), "", "", ""),
            false,
            List.of());
}
