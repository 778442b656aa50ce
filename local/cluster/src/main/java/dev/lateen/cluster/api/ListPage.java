package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * One page of a list. A page after the first goes on behind the last object of the page before, in the present state;
 * it carries the first page's revision, so that a watch from there sees all that has changed meanwhile.
 */
final class ListPage {
    private final ApiRequest request;
    private final boolean custom;

    ListPage(ApiRequest request, boolean custom) {
        this.request = request;
        this.custom = custom;
    }

    /** Where a page begins: behind this object, of a list of that revision. */
    private record Cursor(long revision, String namespace, String name) {
        String token() {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString((revision + "|" + namespace + "|" + name).getBytes(StandardCharsets.UTF_8));
        }

        static Cursor of(String token) throws ApiException {
            try {
                String[] parts =
                        new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8).split("\\|", -1);
                return new Cursor(Long.parseLong(parts[0]), parts[1], parts[2]);
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                throw ApiException.badRequest("invalid continue token: continue key is not valid: " + token);
            }
        }

        boolean before(ObjectStore.Key key) {
            int order = namespace.compareTo(key.namespace());
            return order != 0 ? order < 0 : name.compareTo(key.name()) < 0;
        }
    }

    /** The answer, as a list or as a table. */
    ObjectNode of(Resources resources, boolean table) throws ApiException {
        Predicate<JsonNode> selector = Resources.selector(
                request.type(), request.parameter("labelSelector"), request.parameter("fieldSelector"));
        int limit = limit(request.parameter("limit"));
        ObjectStore.Listing listing = resources.list(request.type(), request.namespace());
        checkRevision(listing.revision());
        String token = request.parameter("continue");
        Cursor cursor = token.isEmpty() ? new Cursor(listing.revision(), "", "") : Cursor.of(token);
        List<ObjectNode> page = new ArrayList<>();
        ObjectStore.Key last = null;
        int left = 0;
        for (ObjectStore.Item item : listing.items()) {
            if (!token.isEmpty() && !cursor.before(item.key())) {
                continue;
            }
            ObjectNode object = table ? resources.shared(item, request.type()) : Resources.view(item, request.type());
            if (!selector.test(object)) {
                continue;
            }
            if (limit > 0 && page.size() == limit) {
                left++;
                continue;
            }
            page.add(object);
            last = item.key();
        }
        ObjectNode answer = answer(page, String.valueOf(cursor.revision()), table);
        if (left > 0 && last != null) {
            String next = new Cursor(cursor.revision(), last.namespace(), last.name()).token();
            ObjectNode metadata = Defaults.object(answer, "metadata").put("continue", next);
            if (request.parameter("labelSelector").isEmpty()
                    && request.parameter("fieldSelector").isEmpty()) {
                metadata.put("remainingItemCount", left);
            }
        }
        return answer;
    }

    private ObjectNode answer(List<ObjectNode> page, String revision, boolean table) {
        if (table) {
            return Tables.table(request.type(), page, revision, request.parameter("includeObject"), true);
        }
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("kind", request.type().kind() + "List")
                .put("apiVersion", request.type().apiVersion());
        answer.putObject("metadata").put("resourceVersion", revision);
        if (!custom) {
            // Items of built-in lists carry neither: clients take both from the list.
            page.forEach(object -> object.remove(List.of("kind", "apiVersion")));
        }
        answer.putArray("items").addAll(page);
        return answer;
    }

    private static int limit(String text) throws ApiException {
        try {
            return text.isEmpty() ? 0 : Math.max(0, Integer.parseInt(text));
        } catch (NumberFormatException e) {
            throw ApiException.badRequest("strconv.ParseInt: parsing \"" + text + "\": invalid syntax");
        }
    }

    private void checkRevision(long present) throws ApiException {
        String wanted = request.parameter("resourceVersion");
        if (wanted.isEmpty() || !request.parameter("continue").isEmpty()) {
            return;
        }
        long revision;
        try {
            revision = Long.parseLong(wanted);
        } catch (NumberFormatException e) {
            throw ApiException.badRequest("invalid resource version: resourceVersion: Invalid value: \"" + wanted
                    + "\": strconv.ParseUint: parsing \"" + wanted + "\": invalid syntax");
        }
        if (revision > present) {
            throw ApiException.tooLargeRevision(revision, present);
        }
        if (request.parameter("resourceVersionMatch").equals("Exact") && revision < present) {
            // Only the present state is kept.
            throw ApiException.expired("The resourceVersion for the provided list is too old.");
        }
    }
}
