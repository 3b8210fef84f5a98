"""Sentence pairs that mean the same, for trying embedding models; any two of different lines do not."""

from __future__ import annotations

TEXT = """
What is the capital of France? | Name the main city of the French state.
How do I reset my password? | I forgot my password and want to change it.
The cat sleeps on the sofa. | A kitten is asleep on the couch.
Where can I buy cheap shoes? | Which shop sells inexpensive footwear?
The meeting was moved to Monday. | They postponed the meeting until Monday.
Please send me the invoice. | Could you mail me the bill?
The car does not start. | My automobile won't start any more.
It will rain tomorrow. | Rainy weather is expected tomorrow.
She is a doctor in a hospital. | The woman works as a physician at a clinic.
How old is the universe? | What is the age of the cosmos?
The film was boring. | That movie was dull.
He runs every morning. | Each morning the man goes jogging.
The children are playing in the garden. | Kids play in the yard.
I would like to cancel my order. | Please stop the purchase that I ordered.
The company fired its director. | The firm dismissed its boss.
Turn off the lights. | Switch the lamps off.
My phone battery is empty. | The battery of my mobile phone is dead.
The house is very expensive. | This home costs a lot of money.
What time does the train leave? | When does the train depart?
The soup is too hot. | This soup is burning hot.
The student passed the exam. | The pupil succeeded in the test.
We saw a big dog. | A large dog was seen by us.
Prices rose in May. | In May the costs went up.
The server is down. | The server is not reachable, there is an outage.
The parcel arrived late. | The package was delivered with a delay.
He repaired the bicycle. | The bike was fixed by him.
The road is closed. | That street is blocked.
I am happy about the result. | The outcome makes me glad.
The baby is crying. | An infant weeps.
They speak German at home. | The language in their family is German.
The contract ends in June. | In June the agreement expires.
The water is cold. | This water feels chilly.
He wrote a book on physics. | He is the author of a physics book.
The ship sank in a storm. | A storm made the boat sink.
Do you have a room free tonight? | Is a room available for this night?
The teacher explained the problem. | The problem was clarified by the teacher.
Birds fly south in winter. | In the winter birds migrate to the south.
The computer is slow. | This PC is not fast.
The knife is sharp. | That blade cuts well.
She bought a new dress. | She purchased a new gown.
The museum opens at nine. | The gallery opens at 9 in the morning.
He drank a glass of wine. | He had some wine to drink.
Our flight was cancelled. | The airline called off the plane we booked.
The soldiers won the battle. | The army was victorious in the fight.
The cake tastes sweet. | This cake has a sugary flavour.
The recipe needs two eggs. | For the dish you need a pair of eggs.
The mountain is high. | This is a tall mountain.
You must pay taxes. | Paying tax is required.
The patient has a fever. | The sick person's temperature is high.
The window is broken. | Someone smashed the window.
I lost my keys. | My keys are missing.
The team lost the match. | The team was defeated in the game.
Bread is made from flour. | Flour is used for making bread.
The judge freed the thief. | The court released the robber.
The software has a bug. | There is an error in the program.
She sings beautifully. | Her singing is lovely.
The farmer grows wheat. | Wheat is planted by the farmer.
The bridge was built in 1900. | Construction of the bridge happened in 1900.
Sea levels are rising. | The ocean is going up.
The coffee machine leaks. | Water drips out of the coffee maker.
"""

PAIRS: list[tuple[str, str]] = [
    (first, second) for first, _, second in (line.partition(" | ") for line in TEXT.strip().splitlines())
]
