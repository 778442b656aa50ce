package dev.lateen.proxy.admin;

import com.google.re2j.Pattern;
import dev.lateen.proxy.telemetry.Statistic;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.JsonText;
import dev.lateen.proxycore.Place;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Figures in the forms of Envoy's {@code /stats} (Envoy documentation, administration interface): {@code format} is {@code
 * text}, {@code json} or {@code prometheus}, {@code filter} an expression of RE2 that is looked for in names, {@code usedonly}
 * leaves out what has not been counted yet.
 */
final class StatsPage {
    private final Supplier<List<Statistic>> figures;
    private final Supplier<String> metrics;

    /**
     * @param figures under Envoy's names
     * @param metrics in Prometheus' text format, more than Envoy's
     */
    StatsPage(Supplier<List<Statistic>> figures, Supplier<String> metrics) {
        this.figures = figures;
        this.metrics = metrics;
    }

    Page answer(Question question) {
        return switch (question.query().getOrDefault("format", "text")) {
            case "text", "" -> shown(question, (names, used) -> Page.text(text(names, used)));
            case "json" -> shown(question, (names, used) -> Page.json(json(names, used)));
            case "prometheus" -> prometheus(question);
            default -> Page.error(400, "usage: /stats?format=(json|prometheus|text)\n");
        };
    }

    /** The same in Prometheus' text format; the filter is for what stands before the value, labels among it. */
    Page prometheus(Question question) {
        return question.has("filter") || question.has("usedonly")
                ? shown(question, (names, used) -> Page.metrics(lines(names, used)))
                : Page.metrics(metrics.get());
    }

    @FunctionalInterface
    private interface Form {
        Page page(Predicate<String> names, boolean usedOnly);
    }

    private static Page shown(Question question, Form form) {
        Predicate<String> names = _ -> true;
        String filter = question.query().getOrDefault("filter", "");
        if (!filter.isEmpty()) {
            try {
                Pattern pattern =
                        Place.of("page", question.path()).field("filter").pattern(filter);
                names = name -> pattern.matcher(name).find();
            } catch (CompileException e) {
                return Page.error(400, e.getMessage() + "\n");
            }
        }
        return form.page(names, question.has("usedonly"));
    }

    private List<Statistic> chosen(Predicate<String> names, boolean usedOnly) {
        return figures.get().stream()
                .filter(figure -> names.test(figure.name()) && !(usedOnly && figure.value() == 0))
                .sorted(Comparator.comparing(Statistic::name))
                .toList();
    }

    private String text(Predicate<String> names, boolean usedOnly) {
        StringBuilder text = new StringBuilder();
        for (Statistic figure : chosen(names, usedOnly)) {
            text.append(figure.name()).append(": ").append(figure.value()).append('\n');
        }
        return text.toString();
    }

    private String json(Predicate<String> names, boolean usedOnly) {
        StringBuilder json = new StringBuilder("{\"stats\":[");
        String comma = "";
        for (Statistic figure : chosen(names, usedOnly)) {
            json.append(comma).append("{\"name\":");
            JsonText.quote(figure.name(), json);
            json.append(",\"value\":").append(figure.value()).append('}');
            comma = ",";
        }
        return json.append("]}\n").toString();
    }

    private String lines(Predicate<String> names, boolean usedOnly) {
        StringBuilder kept = new StringBuilder();
        String comment = "";
        for (String line : metrics.get().split("\n")) {
            int blank = line.lastIndexOf(' ');
            if (line.startsWith("#")) {
                comment = line + "\n";
            } else if (names.test(line.substring(0, Math.max(0, blank))) && !(usedOnly && isUnused(line))) {
                kept.append(comment).append(line).append('\n');
                comment = "";
            }
        }
        return kept.toString();
    }

    /** Series of histograms belong together. */
    private static boolean isUnused(String line) {
        return line.endsWith(" 0")
                && !line.contains("_bucket{")
                && !line.contains("_sum{")
                && !line.contains("_count{");
    }
}
