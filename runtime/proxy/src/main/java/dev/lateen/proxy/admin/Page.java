package dev.lateen.proxy.admin;

import java.util.function.Supplier;

/** An answer of one of the proxy's own interfaces. */
record Page(int status, String contentType, String text) {
    static Page text(String text) {
        return new Page(200, "text/plain; charset=UTF-8", text);
    }

    static Page json(String text) {
        return new Page(200, "application/json", text);
    }

    static Page metrics(String text) {
        return new Page(200, "text/plain; version=0.0.4; charset=UTF-8", text);
    }

    static Page error(int status, String text) {
        return new Page(status, "text/plain; charset=UTF-8", text);
    }

    static Page missing(Question question) {
        return error(404, "no such page: " + question.path() + "\n");
    }

    /** @param reason why it is not; empty when it is */
    static Page ready(String reason) {
        return reason.isEmpty() ? text("LIVE\n") : error(503, reason);
    }

    /** What changes something is not done by following a link. */
    static Page posted(Question question, Supplier<Page> change) {
        return question.isPost()
                ? change.get()
                : error(405, "Method Not Allowed: " + question.path() + " changes something, use POST\n");
    }

    static Page done(Runnable change) {
        change.run();
        return text("OK\n");
    }
}
