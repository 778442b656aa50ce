package dev.lateen.proxy.admin;

import dev.lateen.proxy.listener.DetectedProtocols.Detected;
import dev.lateen.proxycore.JsonText;
import dev.lateen.proxycore.cluster.Host;
import java.util.List;

/** What connections turned out to speak where no rule says it. */
final class ProtocolPage {
    private ProtocolPage() {}

    /** A line for each, or {@code {"protocols": [{"listener", "destination", "protocol", "connections"}]}}. */
    static Page of(Question question, List<Detected> all) {
        return question.isJson() ? Page.json(json(all)) : Page.text(text(all));
    }

    private static String text(List<Detected> all) {
        StringBuilder text = new StringBuilder();
        all.forEach(each -> text.append(each.listener())
                .append("::")
                .append(Host.addressText(each.destination()))
                .append("::")
                .append(each.protocol())
                .append("::")
                .append(each.connections())
                .append('\n'));
        return text.isEmpty() ? "no protocol had to be found out\n" : text.toString();
    }

    private static String json(List<Detected> all) {
        StringBuilder json = new StringBuilder("{\"protocols\": [");
        for (int i = 0; i < all.size(); i++) {
            Detected each = all.get(i);
            json.append(i == 0 ? "\n" : ",\n").append("  {\"listener\": ");
            JsonText.quote(each.listener(), json);
            json.append(", \"destination\": ");
            JsonText.quote(Host.addressText(each.destination()), json);
            json.append(", \"protocol\": ");
            JsonText.quote(each.protocol().toString(), json);
            json.append(", \"connections\": ").append(each.connections()).append('}');
        }
        return json.append("]}\n").toString();
    }
}
