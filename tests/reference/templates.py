#!/usr/bin/env python3
"""Chat templates and what transformers renders them to, for tests/it/template.rs.

    python tests/reference/templates.py        # writes tests/golden/llava/templates.json

The texts come from transformers' own `render_jinja_template`, at one fixed time. Needs transformers and jinja2.
"""

import datetime
import json
from pathlib import Path
from unittest import mock

from transformers.utils import chat_template_utils

OUT = Path(__file__).resolve().parent.parent / "golden" / "llava" / "templates.json"
NOW = datetime.datetime(2026, 3, 7, 16, 5, 9)
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

TEMPLATES = {
    "generation blocks": """{{- bos_token }}
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {%- generation %}
        {{- 'A: ' + message.content + eos_token }}
        {%- endgeneration %}
    {%- else %}
{{ 'U: ' + message.content }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- 'A:' }}{%- endif %}
""",
    "generation blocks on lines of their own": """{% for message in messages %}
  {% if message.role == 'user' %}
U: {{ message.content }}
  {% else %}
  {% generation %}
  {% set said = message.content %}
A: {{ said }}

  {% endgeneration +%}
  {% endif %}
{% endfor %}
{{ said is defined }}""",
    "a date that must be": "{{ bos_token }}Today is {{ strftime_now('%A, %d %B %Y, %H:%M:%S %j %y %-d %b %I %p %%') }}.\n{% for m in messages %}[{{ m['content'] }}]{% endfor %}",
    "no tools and no documents": "{% if tools is not none %}{{ tools[0].name }}{% endif %}{% if documents %}{{ documents | length }}{% endif %}{{ tools is defined }}{% for m in messages %}[{{ m.content }}]{% endfor %}",
    "a branch that is never taken": "{% for m in messages %}{% if m.role == 'tool' %}{{ no_such_callable(m) }}{{ raise_exception('no') }}{% endif %}[{{ m.content }}]{% endfor %}",
    "json": """{% set t = {'name': 'é <b>"x"</b>', 'n': [1, 2.5, {}, [], {'z': none, 'a': true}], 'a': 'tab\\t'} %}
{{ t | tojson }}
{{ t | tojson(indent=2) }}
{{ t | tojson(ensure_ascii=True) }}
{{ t | tojson(sort_keys=True, separators=(',', ':')) }}
{{ t | tojson(indent=4, sort_keys=True) }}
{{ '🦙' | tojson(ensure_ascii=true) }}{{ [] | tojson(indent=2) }}
{% for m in messages %}[{{ m.content }}]{% endfor %}""",
    "methods": """{% set text = '  one two  three ' %}
{{ text.rsplit(' ', 2) | join('|') }} {{ text.rsplit() | join('|') }} {{ text.rsplit(none, 1) | join('|') }}
{{ 'a::b::c'.partition('::') | join('|') }} {{ 'a::b::c'.rpartition('::') | join('|') }} {{ 'abc'.rpartition('x') | join('|') }}
{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x-suffix'.removesuffix('-suffix') }} {{ 'a</think>b'.split('</think>')[-1].lstrip('\\n') }}
{% set commas = joiner(', ') %}{% set turns = cycler('odd', 'even') %}
{% for m in messages %}{{ commas() }}{{ turns.next() }}[{{ m.content }}]{% endfor %}""",
    "namespaces, slices and loop controls": """{% set ns = namespace(n=0) %}
{% for m in messages[::-1] %}{% set ns.n = ns.n + 1 %}{% if ns.n > 9 %}{% break %}{% endif %}{% endfor %}
{{ ns.n }}{% for m in messages %}{% if not m.content %}{% continue %}{% endif %}
{{ loop.index0 }}{{ m.role | capitalize }}: {{ m.content | trim }}{{ eos_token if not loop.last }}
{% endfor %}""",
}

ONE = [{"role": "user", "content": "what?"}]
THREE = ONE + [{"role": "assistant", "content": "that"}, {"role": "user", "content": "why?"}]


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def main():
    cases = []
    with mock.patch.object(chat_template_utils, "datetime", Clock):
        for name, template in TEMPLATES.items():
            rendered, _ = chat_template_utils.render_jinja_template(
                [ONE, THREE], chat_template=template, add_generation_prompt=True, **TOKENS)
            cases.append({"name": name, "template": template, "conversations": [
                {"messages": messages, "text": text} for messages, text in zip((ONE, THREE), rendered)]})
    OUT.write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
