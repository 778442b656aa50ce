package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ExpiredException;
import dev.lateen.cluster.store.ObjectStore;
import dev.lateen.cluster.store.StoreEvent;
import dev.lateen.cluster.store.Watch;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A watch. Runs on a virtual thread until the client leaves or its time is over. */
final class WatchStream {
    private static final Duration BOOKMARKS = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(30);

    private final ObjectStore store;
    private final Channel channel;
    private final WatchOutlet outlet;
    private final ApiRequest request;
    private final Representation.Form form;
    private final Predicate<JsonNode> selector;
    private boolean headed = true;

    WatchStream(ObjectStore store, ChannelHandlerContext ctx, FullHttpRequest http, ApiRequest request, String accept)
            throws ApiException {
        this.store = store;
        this.channel = ctx.channel();
        this.outlet = WatchOutlet.of(ctx, http);
        this.request = request;
        this.form = Representation.of(accept).form();
        RequestOptions.check("GET", request);
        this.selector = Resources.selector(request.type(), request.parameter("labelSelector"), fields(request));
    }

    private static String fields(ApiRequest request) {
        String given = request.parameter("fieldSelector");
        if (request.name().isEmpty()) {
            return given;
        }
        return "metadata.name=" + request.name() + (given.isEmpty() ? "" : "," + given);
    }

    void run() throws InterruptedException {
        outlet.open();
        try {
            stream();
        } catch (ExpiredException e) {
            send("ERROR", ApiException.expired(String.valueOf(e.getMessage())).status());
        }
        outlet.end();
    }

    private void stream() throws ExpiredException, InterruptedException {
        boolean initial = request.flag("sendInitialEvents");
        String from = request.parameter("resourceVersion");
        long revision;
        if (initial || from.isEmpty() || from.equals("0")) {
            ObjectStore.Listing listing = store.list(request.type().stored(), request.namespace());
            revision = listing.revision();
            for (ObjectStore.Item item : listing.items()) {
                ObjectNode object = Resources.view(item, request.type());
                if (selector.test(object)) {
                    send("ADDED", object);
                }
            }
        } else {
            revision = number(from);
        }
        try (Watch watch = store.watch(request.type().stored(), request.namespace(), revision)) {
            var _ = channel.closeFuture().addListener(closed -> watch.end());
            if (initial) {
                send("BOOKMARK", bookmark(revision, true));
            }
            follow(watch);
        }
    }

    private static long number(String revision) throws ExpiredException {
        try {
            return Long.parseLong(revision);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private void follow(Watch watch) throws InterruptedException {
        Instant end = Instant.now().plus(timeout());
        Instant nextBookmark = Instant.now().plus(BOOKMARKS);
        while (channel.isActive() && !watch.ended() && Instant.now().isBefore(end)) {
            StoreEvent event = watch.next(LOOK);
            if (event != null) {
                send(event);
            } else if (request.flag("allowWatchBookmarks") && Instant.now().isAfter(nextBookmark)) {
                send("BOOKMARK", bookmark(store.revision(), false));
                nextBookmark = Instant.now().plus(BOOKMARKS);
            }
        }
    }

    private Duration timeout() {
        String seconds = request.parameter("timeoutSeconds");
        try {
            return seconds.isEmpty() ? LONGEST : Duration.ofSeconds(Long.parseLong(seconds));
        } catch (NumberFormatException e) {
            return LONGEST;
        }
    }

    /** An object that begins or ceases to fit the selector is added or deleted for this client. */
    private void send(StoreEvent event) throws InterruptedException {
        ObjectNode object = Resources.view(event.item(), request.type());
        byte[] before = event.before();
        boolean fitted = before != null && selector.test(Json.readStored(before));
        boolean fits = event.type() != StoreEvent.Type.DELETED && selector.test(object);
        if (fits) {
            send(fitted ? "MODIFIED" : "ADDED", object);
        } else if (fitted) {
            send("DELETED", object);
        }
    }

    private ObjectNode bookmark(long revision, boolean initial) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("kind", request.type().kind())
                .put("apiVersion", request.type().apiVersion());
        ObjectNode metadata = object.putObject("metadata").put("resourceVersion", String.valueOf(revision));
        if (initial) {
            metadata.putObject("annotations").put("k8s.io/initial-events-end", "true");
        }
        return object;
    }

    private void send(String type, ObjectNode object) throws InterruptedException {
        JsonNode body = object;
        if (form == Representation.Form.METADATA && !type.equals("ERROR")) {
            body = Representation.metadata(object);
        }
        if (form == Representation.Form.TABLE && !type.equals("ERROR")) {
            String revision = object.path("metadata").path("resourceVersion").asString("");
            body = Tables.table(
                    request.type(),
                    type.equals("BOOKMARK") ? List.of() : List.of(object),
                    revision,
                    request.parameter("includeObject"),
                    headed);
            headed = false;
        }
        ObjectNode event = JsonNodeFactory.instance.objectNode().put("type", type);
        event.set("object", body);
        outlet.event(Json.write(event));
    }
}
