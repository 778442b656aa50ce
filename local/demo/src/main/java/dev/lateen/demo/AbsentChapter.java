package dev.lateen.demo;

import java.util.List;

/** A chapter whose parts do not exist yet. */
record AbsentChapter(String name, String title, List<String> parts) implements Chapter {
    @Override
    public void walk(Walk walk) {
        parts.forEach(walk::absent);
    }
}
